-- a length of time that no number of microseconds holds
created_at > now() - INTERVAL 99999999999 DAY
---
error invalid_literal [INTERVAL 99999999999 DAY]: this length of time is too great
  hint: no event is that far away: leave the bound out
