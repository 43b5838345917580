-- from California, no purchase in the last 30 days
region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id
  AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 30 DAY)
---
region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND created_at >= now() - INTERVAL 30 DAY)
