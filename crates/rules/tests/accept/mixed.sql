-- a row's column against an aggregate
order_total > avg(order_total)
---
order_total > avg(order_total)
warning retains_events [order_total > avg(order_total)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
