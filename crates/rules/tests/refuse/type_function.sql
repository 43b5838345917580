-- a number where a text belongs
lower(order_total) = 'x'
---
error type_mismatch [order_total]: this is DECIMAL; a text is needed here
