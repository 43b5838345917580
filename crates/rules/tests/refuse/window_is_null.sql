-- says only why it is refused, not what it would have selected
(coalesce(created_at, now()) = now()) IS NULL
---
error unsupported [coalesce(created_at, now()) = now()]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
