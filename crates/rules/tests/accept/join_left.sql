-- carts that no purchase followed
EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.activity_type = 'product_purchased' AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND c.activity_type = 'added_to_cart' AND p.event_id IS NULL)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'added_to_cart' AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND created_at > e.created_at))
warning retains_events [EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.activity_type = 'product_purchased' AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND c.activity_type = 'added_to_cart' AND p.event_id IS NULL)]: every event with `activity_type = 'added_to_cart' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
