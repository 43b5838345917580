-- what the calendar of now() cannot be compared with
now() > date_trunc('day', now()) + INTERVAL 9 HOUR OR extract(hour FROM now()) = 9
---
error unsupported [now() > date_trunc('day', now()) + INTERVAL 9 HOUR]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
error unsupported [extract(hour FROM now()) = 9]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
