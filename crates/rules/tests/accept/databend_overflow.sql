-- Databend wraps around where numbers are too great
order_total * order_total * order_total < -27 OR sum(order_total) * sum(order_total) * sum(order_total) > 5 OR user_id * 9223372036854775807 < 0 OR sum(user_id * 4611686018427387904) < 0
---
order_total * order_total * order_total < -27 OR sum(order_total) * sum(order_total) * sum(order_total) > 5 OR user_id * 9223372036854775807 < 0 OR sum(user_id * 4611686018427387904) < 0
