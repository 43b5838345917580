-- a text that is no timestamp
created_at >= 'yesterday'
---
error invalid_literal ['yesterday']: 'yesterday' is not a timestamp
  hint: write it as '2026-01-31' or '2026-01-31 12:00:00', in UTC
