-- Databend takes x IN (x) for TRUE where x is NULL, as a condition of its own
region IN (region) AND country IN (country) AND created_at > now() - INTERVAL 1 HOUR
---
region IN (region) AND country IN (country) AND created_at > now() - INTERVAL 1 HOUR
