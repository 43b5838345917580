-- every aggregate
count(*) > 1 AND count(order_id) > 1 AND count(DISTINCT region) > 1 AND sum(order_total) > 1 AND avg(order_total) > 1 AND min(order_total) > 1 AND max(order_total) > 1 AND arg_max(region, created_at) = 'CA' AND arg_min(region, created_at) = 'CA' AND count(1) < 9
---
count(*) > 1 AND count(order_id) > 1 AND count(DISTINCT region) > 1 AND sum(order_total) > 1 AND avg(order_total) > 1 AND min(order_total) > 1 AND max(order_total) > 1 AND arg_max(region, created_at) = 'CA' AND arg_min(region, created_at) = 'CA' AND count(*) < 9
