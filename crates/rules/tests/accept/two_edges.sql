-- a window with two edges
count(*) FILTER (WHERE created_at BETWEEN now() - INTERVAL 90 DAY AND now() - INTERVAL 30 DAY) >= 2
---
count(*) FILTER (WHERE created_at >= now() - INTERVAL 90 DAY AND created_at <= now() - INTERVAL 30 DAY) >= 2
