-- groups of several things, within one user
EXISTS (SELECT e.region, count(*) FROM events e WHERE e.user_id = events.user_id AND e.region IS NOT NULL GROUP BY e.region, e.device_type HAVING e.region <> 'CA' AND sum(e.order_total) > 50 AND max(e.created_at) > now() - INTERVAL 1 DAY)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region IS NOT NULL AND (region <> 'CA' AND (SELECT sum(order_total) FROM events e2 WHERE e2.user_id = e.user_id AND region IS NOT NULL AND region IS NOT DISTINCT FROM e.region AND device_type IS NOT DISTINCT FROM e.device_type) > 50 AND (SELECT max(created_at) FROM events e2 WHERE e2.user_id = e.user_id AND region IS NOT NULL AND region IS NOT DISTINCT FROM e.region AND device_type IS NOT DISTINCT FROM e.device_type) > now() - INTERVAL 1 DAY) IS TRUE)
warning retains_events [sum(e.order_total) > 50]: every event with `(region IS NOT NULL AND region <> 'CA') OR region IS NOT NULL OR region IS NOT NULL` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
