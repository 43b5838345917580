-- a value where a condition belongs
region
---
error type_mismatch [region]: this is VARCHAR, not a condition
  hint: compare it with something, such as `> 0` or `IS NOT NULL`
