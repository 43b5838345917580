-- the value of the last row, NULL or not
(SELECT region FROM events e WHERE e.user_id = events.user_id ORDER BY created_at DESC LIMIT 1) IS NULL
---
(SELECT arg_max(region, created_at) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND (created_at > e.created_at OR (created_at IS NOT DISTINCT FROM e.created_at AND event_id > e.event_id)))) IS NULL
warning retains_events [(SELECT region FROM events e WHERE e.user_id = events.user_id ORDER BY created_at DESC LIMIT 1)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
