-- an aggregate among the values
max(order_total) IN (SELECT e.order_total FROM events e WHERE e.user_id = events.user_id)
---
CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (SELECT max(order_total) FROM events e2 WHERE e2.user_id = e.user_id) = order_total) THEN TRUE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND ((SELECT max(order_total) FROM events e2 WHERE e2.user_id = e.user_id) = order_total) IS NULL) THEN NULL ELSE FALSE END
warning retains_events [max(order_total) IN (SELECT e.order_total FROM events e WHERE e.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
