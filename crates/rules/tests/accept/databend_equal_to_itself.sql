-- Databend takes x = x for TRUE where x is NULL, as a condition of its own
upper(country) = upper(country) AND region = region
---
upper(country) = upper(country) AND region = region
