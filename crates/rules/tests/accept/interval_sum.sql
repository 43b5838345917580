-- a sum of intervals is one
created_at > now() - (INTERVAL 1 DAY + INTERVAL 2 HOUR)
---
created_at > now() - INTERVAL 26 HOUR
