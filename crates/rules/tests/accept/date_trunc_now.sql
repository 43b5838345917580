-- the calendar of now()
created_at >= date_trunc('week', now()) - INTERVAL 7 DAY AND to_date(created_at) < current_date OR date_trunc('month', created_at) >= date_trunc('month', now()) OR max(created_at) < date_trunc('day', now()) OR to_date(max(created_at)) = today()
---
(created_at >= CAST(date_trunc('week', now()) AS TIMESTAMP) - INTERVAL 7 DAY AND CAST(created_at AS DATE) < CAST(now() AS DATE)) OR date_trunc('month', created_at) >= date_trunc('month', now()) OR max(created_at) < date_trunc('day', now()) OR CAST(max(created_at) AS DATE) = CAST(now() AS DATE)
