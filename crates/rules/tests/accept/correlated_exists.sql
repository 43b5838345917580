-- a comparison with the row around
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at > events.created_at)
warning retains_events [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
