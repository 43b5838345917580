-- the greatest and the least of a payload's values, of all kinds
max(payload['k']) = 'x' OR CAST(min(payload['k']) AS DOUBLE) < 3 OR max(payload['k']) FILTER (WHERE created_at >= now() - INTERVAL 7 DAY) > 5
---
max(payload['k']) = 'x' OR CAST(min(payload['k']) AS DOUBLE) < 3 OR CAST(max(payload['k']) FILTER (WHERE created_at >= now() - INTERVAL 7 DAY) AS DOUBLE) > 5
