-- browsing in the last 30 minutes
created_at >= now() - INTERVAL 30 MINUTE
---
created_at >= now() - INTERVAL 30 MINUTE
