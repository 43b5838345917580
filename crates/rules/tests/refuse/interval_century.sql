-- a bound further away than any history
created_at > now() - INTERVAL 40000 DAY
---
error unsupported [created_at > now() - INTERVAL 40000 DAY]: an interval from `now()` can have at most 100 years
  hint: no event is that far away: leave the bound out, or name an instant, `TIMESTAMP '1900-01-01 00:00:00'`
