-- a synonym of now()
created_at > CURRENT_TIMESTAMP - INTERVAL 1 HOUR
---
created_at > now() - INTERVAL 1 HOUR
