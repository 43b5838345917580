-- a row's column against an aggregate
order_total > avg(order_total)
---
error unsupported [order_total > avg(order_total)]: one comparison of a row's column with an aggregate over the user's events is not supported yet
  hint: compare columns with constants, aggregates with aggregates or constants, and join the two by AND or OR
