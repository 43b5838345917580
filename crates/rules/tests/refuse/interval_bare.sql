-- an interval without a unit
created_at > now() - INTERVAL 3
---
error invalid_literal [INTERVAL 3]: this is not a length of time
  hint: write it as `INTERVAL 30 DAY` or `INTERVAL '1 day 12 hours'`
