-- viewed a page, then bought on it within a day
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased'
  AND p.url = v.url AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 DAY)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND url = e.url AND created_at > e.created_at AND created_at <= e.created_at + INTERVAL 1 DAY))
warning retains_events [EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased'
  AND p.url = v.url AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 DAY)]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
