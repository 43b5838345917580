-- DISTINCT where it means nothing, other orders
arg_max(DISTINCT region, created_at) = 'CA' OR arg_max(region, order_total) = 'CA'
---
error unsupported [arg_max(DISTINCT region, created_at)]: DISTINCT in `arg_max`, `arg_min` and `window_funnel` is not supported yet
error unsupported [order_total]: an order by anything but `created_at` is not supported yet
  hint: `(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.order_total DESC LIMIT 1)` is the value of the row that is first in any order
