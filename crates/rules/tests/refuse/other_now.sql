-- now() in other places
created_at >= date_trunc('week', now() - INTERVAL 7 DAY) OR extract(hour FROM now()) >= 9 OR coalesce(created_at, now()) > now() - INTERVAL 1 MINUTE
---
error unsupported [created_at >= date_trunc('week', now() - INTERVAL 7 DAY)]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
error unsupported [extract(hour FROM now()) >= 9]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
error unsupported [coalesce(created_at, now()) > now() - INTERVAL 1 MINUTE]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
