-- different values of one of the joined tables
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  WHERE v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased' GROUP BY v.user_id
  HAVING count(DISTINCT p.order_id) >= 2 AND count(DISTINCT v.url) >= 3)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND activity_type = 'product_purchased')) AND ((SELECT count(DISTINCT order_id) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND e.created_at > created_at AND activity_type = 'page_viewed')) >= 2 AND (SELECT count(DISTINCT url) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND activity_type = 'product_purchased')) >= 3) IS TRUE
warning retains_events [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  WHERE v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased' GROUP BY v.user_id
  HAVING count(DISTINCT p.order_id) >= 2 AND count(DISTINCT v.url) >= 3)]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [count(DISTINCT p.order_id)]: every event with `activity_type = 'product_purchased' OR activity_type = 'page_viewed'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
