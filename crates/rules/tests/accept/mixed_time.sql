-- the user's latest event
created_at = max(created_at) AND region = 'CA'
---
created_at = max(created_at) AND region = 'CA'
warning retains_events [created_at = max(created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
