-- now() in anything but a comparison of a time
sum(CASE WHEN coalesce(created_at, now()) = now() THEN order_total END) > 3 AND order_total > avg(order_total)
---
error unsupported [coalesce(created_at, now()) = now()]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
