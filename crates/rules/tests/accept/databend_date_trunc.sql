-- in Databend, a time that is cut down is looked for among the times as they are
date_trunc('hour', created_at) = TIMESTAMP '2026-05-24 23:00:00' OR date_trunc('day', received_at) IS NOT DISTINCT FROM TIMESTAMP '2026-06-01 00:00:00'
---
date_trunc('hour', created_at) = TIMESTAMP '2026-05-24 23:00:00' OR date_trunc('day', received_at) IS NOT DISTINCT FROM TIMESTAMP '2026-06-01 00:00:00'
