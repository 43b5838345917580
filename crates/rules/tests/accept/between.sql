-- BETWEEN is two comparisons
order_total BETWEEN 10 AND 99.99
---
order_total >= 10 AND order_total <= 99.99
