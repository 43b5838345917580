-- a value inside AND
region = 'CA' AND order_total
---
error type_mismatch [order_total]: this is DECIMAL, not a condition
  hint: compare it with something, such as `> 0` or `IS NOT NULL`
