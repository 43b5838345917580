-- a list of numbers and decimals
order_total IN (1, 2.50, -3)
---
order_total IN (1, 2.50, -3)
