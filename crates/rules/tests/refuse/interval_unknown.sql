-- a unit that there is not
created_at > now() - INTERVAL '3 fortnights'
---
error invalid_literal [INTERVAL '3 fortnights']: this is not a length of time
  hint: write it as `INTERVAL 30 DAY` or `INTERVAL '1 day 12 hours'`
