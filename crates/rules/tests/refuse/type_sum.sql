-- a sum of texts
sum(region) > 1
---
error type_mismatch [region]: this is VARCHAR; a number is needed here
