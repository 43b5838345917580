-- views in the last week that a purchase followed within an hour
activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 7 DAY AND EXISTS (SELECT 1 FROM events e
  WHERE e.user_id = events.user_id AND e.activity_type = 'product_purchased' AND e.created_at > events.created_at
  AND e.created_at <= events.created_at + INTERVAL 1 HOUR AND e.created_at >= now() - INTERVAL 7 DAY)
---
activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 7 DAY AND EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND created_at > events.created_at AND created_at <= events.created_at + INTERVAL 1 HOUR AND created_at >= now() - INTERVAL 7 DAY)
information retains_events [EXISTS (SELECT 1 FROM events e
  WHERE e.user_id = events.user_id AND e.activity_type = 'product_purchased' AND e.created_at > events.created_at
  AND e.created_at <= events.created_at + INTERVAL 1 HOUR AND e.created_at >= now() - INTERVAL 7 DAY)]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for 7 days, to compare events with each other
