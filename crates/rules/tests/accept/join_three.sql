-- three in a row
EXISTS (SELECT 1 FROM events a JOIN events b ON b.user_id = a.user_id AND b.created_at > a.created_at JOIN events c ON c.user_id = a.user_id AND c.created_at > b.created_at
  WHERE a.user_id = events.user_id AND a.activity_type = 'page_viewed' AND b.activity_type = 'added_to_cart' AND c.activity_type = 'product_purchased')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND activity_type = 'added_to_cart' AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND created_at > e2.created_at AND activity_type = 'product_purchased')))
warning retains_events [EXISTS (SELECT 1 FROM events a JOIN events b ON b.user_id = a.user_id AND b.created_at > a.created_at JOIN events c ON c.user_id = a.user_id AND c.created_at > b.created_at
  WHERE a.user_id = events.user_id AND a.activity_type = 'page_viewed' AND b.activity_type = 'added_to_cart' AND c.activity_type = 'product_purchased')]: every event with `activity_type = 'page_viewed' OR activity_type = 'added_to_cart' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning above_budget [EXISTS (SELECT 1 FROM events a JOIN events b ON b.user_id = a.user_id AND b.created_at > a.created_at JOIN events c ON c.user_id = a.user_id AND c.created_at > b.created_at
  WHERE a.user_id = events.user_id AND a.activity_type = 'page_viewed' AND b.activity_type = 'added_to_cart' AND c.activity_type = 'product_purchased')]: events are compared with each other: with 1000 kept events that can take 4000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
