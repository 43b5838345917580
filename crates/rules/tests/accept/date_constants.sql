-- a day beside a time is its midnight
created_at >= DATE '2026-01-01' AND created_at < DATE '2026-01-01' + INTERVAL 1 DAY
---
created_at >= TIMESTAMP '2026-01-01 00:00:00' AND created_at < TIMESTAMP '2026-01-01 00:00:00' + INTERVAL 1 DAY
