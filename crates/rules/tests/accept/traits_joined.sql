-- a view and a purchase of it, no longer apart than is said of the user
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased'
  AND extract(day FROM p.created_at) - extract(day FROM v.created_at) <= (SELECT u.traits['days'] FROM users u WHERE u.user_id = v.user_id))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND url = e.url AND activity_type = 'product_purchased' AND extract(day FROM created_at) - extract(day FROM e.created_at) <= CAST(((SELECT p.traits FROM users p WHERE p.user_id = e2.user_id))['days'] AS DOUBLE)))
warning retains_events [EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased'
  AND extract(day FROM p.created_at) - extract(day FROM v.created_at) <= (SELECT u.traits['days'] FROM users u WHERE u.user_id = v.user_id))]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
