-- the last value of pairs
(SELECT arg_max(p.region, v.created_at) FROM events v JOIN events p ON p.user_id = v.user_id AND p.order_id = v.order_id WHERE v.user_id = events.user_id) = 'CA'
  AND (SELECT arg_min(v.region, p.created_at) FROM events v JOIN events p ON p.user_id = v.user_id AND p.order_id = v.order_id WHERE v.user_id = events.user_id) = 'CA'
---
(SELECT arg_max((SELECT arg_max(region, created_at) FROM events e2 WHERE e2.user_id = e.user_id AND order_id = e.order_id), created_at) FROM events e WHERE e.user_id = events.user_id) = 'CA' AND (SELECT arg_min((SELECT arg_min(region, created_at) FROM events e2 WHERE e2.user_id = e.user_id AND e.order_id = order_id), created_at) FROM events e WHERE e.user_id = events.user_id) = 'CA'
warning retains_events [arg_max(p.region, v.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
