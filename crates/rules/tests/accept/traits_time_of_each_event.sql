-- bought within a day of the first word said of the user
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.activity_type = 'product_purchased'
  AND e.created_at <= (SELECT u.created_at FROM users u WHERE u.user_id = e.user_id) + INTERVAL 1 DAY)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND created_at <= (SELECT p.created_at FROM users p WHERE p.user_id = e.user_id) + INTERVAL 1 DAY)
warning retains_events [e.created_at <= (SELECT u.created_at FROM users u WHERE u.user_id = e.user_id) + INTERVAL 1 DAY]: every event with `activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
