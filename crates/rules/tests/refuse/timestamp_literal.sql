-- a timestamp that there is not
created_at >= TIMESTAMP '2026-02-30 00:00:00'
---
error invalid_literal ['2026-02-30 00:00:00']: '2026-02-30 00:00:00' is not a timestamp
  hint: write it as '2026-01-31' or '2026-01-31 12:00:00', in UTC
