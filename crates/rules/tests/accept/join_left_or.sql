-- a missing row is as good as a cheap one
EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND (p.order_total IS NULL OR p.order_total < c.order_total))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND (order_total IS NULL OR order_total < e.order_total)) OR NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at)))
warning retains_events [EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND (p.order_total IS NULL OR p.order_total < c.order_total))]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
