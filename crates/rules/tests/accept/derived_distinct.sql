-- DISTINCT as a table
(SELECT count(*) FROM (SELECT DISTINCT user_id, region, device_type FROM events) t WHERE t.user_id = events.user_id) > 2
---
(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND region IS NOT DISTINCT FROM e.region AND device_type IS NOT DISTINCT FROM e.device_type AND event_id < e.event_id)) > 2
warning retains_events [(SELECT count(*) FROM (SELECT DISTINCT user_id, region, device_type FROM events) t WHERE t.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
