-- a value as a filter
count(*) FILTER (WHERE order_total) > 1
---
error type_mismatch [order_total]: this is DECIMAL, not a condition
  hint: compare it with something, such as `> 0` or `IS NOT NULL`
