-- dates over the row's times
date_trunc('day', created_at) = '2026-01-01' OR date_trunc(WEEK, created_at) >= DATE '2025-12-29' OR extract(hour FROM created_at) BETWEEN 9 AND 17 OR date_part('isodow', created_at) IN (6, 7) OR to_date(received_at) = to_date(created_at) OR to_date(created_at) > '2026-01-01' OR to_date(created_at) + INTERVAL 1 DAY > received_at
---
date_trunc('day', created_at) = TIMESTAMP '2026-01-01 00:00:00' OR date_trunc('week', created_at) >= DATE '2025-12-29' OR (extract(hour FROM created_at) >= 9 AND extract(hour FROM created_at) <= 17) OR extract(isodow FROM created_at) IN (6, 7) OR CAST(received_at AS DATE) = CAST(created_at AS DATE) OR CAST(created_at AS DATE) > DATE '2026-01-01' OR CAST(CAST(created_at AS DATE) AS TIMESTAMP) + INTERVAL 1 DAY > received_at
