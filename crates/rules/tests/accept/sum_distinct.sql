-- DISTINCT adds every value up once; of the least and the greatest it changes nothing.
sum(DISTINCT order_total) FILTER (WHERE activity_type = 'product_purchased') > 100
  AND (SELECT avg(DISTINCT order_total) FROM events e WHERE e.user_id = events.user_id
    AND e.created_at >= now() - INTERVAL 30 DAY) > 10 AND max(DISTINCT order_total) < 1000
---
(SELECT sum(order_total) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND order_total IS NOT DISTINCT FROM e.order_total AND event_id < e.event_id)) > 100 AND (SELECT avg(order_total) FROM events e WHERE e.user_id = events.user_id AND created_at >= now() - INTERVAL 30 DAY AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at >= now() - INTERVAL 30 DAY AND order_total IS NOT DISTINCT FROM e.order_total AND event_id < e.event_id)) > 10 AND max(order_total) < 1000
warning retains_events [sum(DISTINCT order_total) FILTER (WHERE activity_type = 'product_purchased')]: every event with `activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
information retains_events [avg(DISTINCT order_total)]: every event is kept per user for 30 days, to compare events with each other
