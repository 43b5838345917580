-- when it was accepted, against now
received_at >= now() - INTERVAL 1 DAY AND region = 'CA'
---
received_at >= now() - INTERVAL 1 DAY AND region = 'CA'
warning retains_events [received_at >= now() - INTERVAL 1 DAY]: every event with `region = 'CA'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
