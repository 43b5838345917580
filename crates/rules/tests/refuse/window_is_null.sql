-- says only why it is refused, not what it would have selected
(created_at >= now() - INTERVAL 30 SECOND) IS NULL
---
error unsupported [(created_at >= now() - INTERVAL 30 SECOND) IS NULL]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
