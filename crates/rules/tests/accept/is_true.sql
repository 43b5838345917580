-- tests for truth
(order_total > 10) IS NOT TRUE AND (order_total > 5) IS FALSE AND (order_total < 2) IS UNKNOWN AND (order_total < 3) IS NOT FALSE
---
(order_total > 10) IS NOT TRUE AND (NOT order_total > 5) IS TRUE AND (order_total < 2) IS NULL AND (NOT order_total < 3) IS NOT TRUE
