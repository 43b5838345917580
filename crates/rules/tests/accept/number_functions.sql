-- functions over numbers
abs(order_total - 10) < 5 AND greatest(order_total, 1, 2.5) = least(order_total, 100) AND nullif(order_total, 0) IS NOT NULL
---
abs(order_total - 10) < 5 AND greatest(order_total, 1, 2.5) = least(order_total, 100) AND nullif(order_total, 0) IS NOT NULL
