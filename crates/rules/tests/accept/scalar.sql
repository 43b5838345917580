-- scalar subqueries of one aggregate
(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.activity_type = 'page_viewed') > 3 AND (SELECT sum(order_total) / count(*) FROM events e WHERE e.user_id = events.user_id) > 9.5
---
count(*) FILTER (WHERE activity_type = 'page_viewed') > 3 AND sum(order_total) / count(*) > 9.5
