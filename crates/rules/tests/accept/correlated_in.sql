-- by user_id IN, with a look at the row around
user_id IN (SELECT user_id FROM events e WHERE e.region <> events.region)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region <> events.region)
warning retains_events [user_id IN (SELECT user_id FROM events e WHERE e.region <> events.region)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
