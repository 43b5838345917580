-- a computed value of a row that may be missing
EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND coalesce(p.order_total, 0) < c.order_total)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND coalesce(order_total, 0) < e.order_total) OR (NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at) AND coalesce(CAST(NULL AS DECIMAL(38, 4)), 0) < order_total)))
warning retains_events [EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND coalesce(p.order_total, 0) < c.order_total)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
