-- more memory per event than usual: many columns of it
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > now() - INTERVAL 7 DAY AND e.url = events.url AND e.region = events.region
  AND e.country = events.country AND e.device_type = events.device_type AND e.element_id = events.element_id AND e.order_id = events.order_id) AND created_at > now() - INTERVAL 7 DAY
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at > now() - INTERVAL 7 DAY AND url = events.url AND region = events.region AND country = events.country AND device_type = events.device_type AND element_id = events.element_id AND order_id = events.order_id) AND created_at > now() - INTERVAL 7 DAY
warning above_budget [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > now() - INTERVAL 7 DAY AND e.url = events.url AND e.region = events.region
  AND e.country = events.country AND e.device_type = events.device_type AND e.element_id = events.element_id AND e.order_id = events.order_id)]: each event that is kept takes 528 bytes: a user with 1000 of them passes 512 KiB
  hint: name fewer columns, or restrict every row by `activity_type` and a window
information retains_events [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > now() - INTERVAL 7 DAY AND e.url = events.url AND e.region = events.region
  AND e.country = events.country AND e.device_type = events.device_type AND e.element_id = events.element_id AND e.order_id = events.order_id)]: every event is kept per user for 604799 seconds, to compare events with each other
