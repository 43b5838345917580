-- three steps within an hour
window_funnel(3600)(created_at, activity_type = 'page_viewed', activity_type = 'added_to_cart', activity_type = 'product_purchased' AND order_total > 5) >= 2
---
window_funnel(3600)(created_at, activity_type = 'page_viewed', activity_type = 'added_to_cart', activity_type = 'product_purchased' AND order_total > 5) >= 2
warning retains_events [activity_type = 'page_viewed', activity_type = 'added_to_cart', activity_type = 'product_purchased' AND order_total > 5]: every event with `activity_type = 'page_viewed' OR activity_type = 'added_to_cart' OR (activity_type = 'product_purchased' AND order_total > 5)` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
