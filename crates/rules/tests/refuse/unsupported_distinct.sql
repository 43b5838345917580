-- DISTINCT in other aggregates, other orders
sum(DISTINCT order_total) > 1 OR arg_max(region, order_total) = 'CA'
---
error unsupported [sum(DISTINCT order_total)]: DISTINCT in any aggregate but `count` is not supported yet
error unsupported [order_total]: an order by anything but `created_at` is not supported yet
