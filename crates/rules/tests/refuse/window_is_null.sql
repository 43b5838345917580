-- says only why it is refused, not what it would have selected
(created_at IN (now())) IS NULL
---
error unsupported [now()]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
