-- cart left for an hour, today
max(created_at) FILTER (WHERE activity_type = 'added_to_cart') BETWEEN now() - INTERVAL 1 DAY AND now() - INTERVAL 1 HOUR
  AND coalesce(max(created_at) FILTER (WHERE activity_type = 'product_purchased'), TIMESTAMP '1970-01-01 00:00:00')
      < max(created_at) FILTER (WHERE activity_type = 'added_to_cart')
---
max(created_at) FILTER (WHERE activity_type = 'added_to_cart') >= now() - INTERVAL 1 DAY AND max(created_at) FILTER (WHERE activity_type = 'added_to_cart') <= now() - INTERVAL 1 HOUR AND coalesce(max(created_at) FILTER (WHERE activity_type = 'product_purchased'), TIMESTAMP '1970-01-01 00:00:00') < max(created_at) FILTER (WHERE activity_type = 'added_to_cart')
