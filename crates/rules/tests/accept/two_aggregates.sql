-- comparison of two aggregates
max(created_at) FILTER (WHERE activity_type = 'product_purchased') < max(created_at) FILTER (WHERE activity_type = 'added_to_cart') AND sum(order_total) > 2 * avg(order_total)
---
max(created_at) FILTER (WHERE activity_type = 'product_purchased') < max(created_at) FILTER (WHERE activity_type = 'added_to_cart') AND sum(order_total) > 2 * avg(order_total)
