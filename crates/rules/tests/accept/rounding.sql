-- rounding
round(order_total) = 1 OR round(order_total, 2) = 1.25 OR round(user_id, -2) = 100 OR floor(order_total) = 1 OR ceil(order_total) = 2 OR ceiling(payload['n']) = 1 OR substr(url, 1, 3) = 'abc' OR substring(url FROM 2) = 'x'
---
round(order_total) = 1 OR round(order_total, 2) = 1.25 OR round(user_id, -2) = 100 OR floor(order_total) = 1 OR ceil(order_total) = 2 OR ceil(CAST(payload['n'] AS DOUBLE)) = 1 OR substr(url, 1, 3) = 'abc' OR substr(url, 2) = 'x'
