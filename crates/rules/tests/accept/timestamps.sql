-- timestamp constants in every form
created_at >= '2026-01-01' AND created_at < TIMESTAMP '2026-02-01 00:00:00' AND received_at BETWEEN DATE '2026-01-01' AND '2026-03-01T12:00:00.5+02:00'
---
created_at >= TIMESTAMP '2026-01-01 00:00:00' AND created_at < TIMESTAMP '2026-02-01 00:00:00' AND received_at >= TIMESTAMP '2026-01-01 00:00:00' AND received_at <= TIMESTAMP '2026-03-01 10:00:00.500'
