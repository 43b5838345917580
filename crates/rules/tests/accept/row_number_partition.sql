-- the second purchase of each kind, NULLs in the order
EXISTS (SELECT 1 FROM (SELECT user_id, order_total, row_number() OVER (PARTITION BY user_id, region ORDER BY order_total DESC NULLS FIRST, received_at) AS n FROM events WHERE activity_type = 'product_purchased') t WHERE t.user_id = events.user_id AND t.n = 2 AND t.order_total > 10)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND region IS NOT DISTINCT FROM e.region AND (order_total > e.order_total OR (order_total IS NULL AND e.order_total IS NOT NULL) OR (order_total IS NOT DISTINCT FROM e.order_total AND (received_at < e.received_at OR (received_at IS NOT DISTINCT FROM e.received_at AND event_id < e.event_id))))) + 1 = 2 AND order_total > 10)
warning retains_events [t.n = 2]: every event with `(activity_type = 'product_purchased' AND order_total > 10) OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
