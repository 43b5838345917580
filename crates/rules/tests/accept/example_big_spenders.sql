-- over 500 in 90 days, in at least two orders
user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased'
  AND created_at >= now() - INTERVAL 90 DAY GROUP BY user_id
  HAVING sum(order_total) > 500 AND count(DISTINCT order_id) >= 2)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND created_at >= now() - INTERVAL 90 DAY) AND (sum(order_total) FILTER (WHERE activity_type = 'product_purchased' AND created_at >= now() - INTERVAL 90 DAY) > 500 AND count(DISTINCT order_id) FILTER (WHERE activity_type = 'product_purchased' AND created_at >= now() - INTERVAL 90 DAY) >= 2) IS TRUE
