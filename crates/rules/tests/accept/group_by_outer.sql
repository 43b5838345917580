-- groups and orders by something of the row around
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id GROUP BY e.user_id, e.region = events.region HAVING count(*) > 2)
  AND (SELECT e.url FROM events e WHERE e.user_id = events.user_id ORDER BY e.order_total - events.order_total DESC LIMIT 1) = '/cart'
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND ((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND (region = events.region) IS NOT DISTINCT FROM (e.region = events.region)) > 2) IS TRUE) AND (SELECT arg_max(url, created_at) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND (order_total - events.order_total > e.order_total - events.order_total OR (order_total - events.order_total IS NOT NULL AND e.order_total - events.order_total IS NULL) OR (order_total - events.order_total IS NOT DISTINCT FROM e.order_total - events.order_total AND event_id > e.event_id)))) = '/cart'
warning retains_events [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id GROUP BY e.user_id, e.region = events.region HAVING count(*) > 2)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning above_budget [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id GROUP BY e.user_id, e.region = events.region HAVING count(*) > 2)]: events are compared with each other: with 1000 kept events that can take 50000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
