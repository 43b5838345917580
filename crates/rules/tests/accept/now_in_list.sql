-- now() among other times
created_at IN (now(), now() - INTERVAL 1 MINUTE, TIMESTAMP '2026-01-01 00:00:00') OR max(created_at) FILTER (WHERE region = 'CA') NOT IN (now(), now() - INTERVAL 10 SECOND)
---
created_at = now() OR created_at = now() - INTERVAL 1 MINUTE OR created_at = TIMESTAMP '2026-01-01 00:00:00' OR NOT (max(created_at) FILTER (WHERE region = 'CA') = now() OR max(created_at) FILTER (WHERE region = 'CA') = now() - INTERVAL 10 SECOND)
