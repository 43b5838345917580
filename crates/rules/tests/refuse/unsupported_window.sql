-- a window function
row_number() OVER (PARTITION BY user_id ORDER BY created_at) = 1 OR sum(order_total) OVER (PARTITION BY user_id) > 5
---
error unsupported [row_number() OVER (PARTITION BY user_id ORDER BY created_at)]: a window function (OVER) is not supported yet
error unsupported [sum(order_total) OVER (PARTITION BY user_id)]: a window function (OVER) is not supported yet
