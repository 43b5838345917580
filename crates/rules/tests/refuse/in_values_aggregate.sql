-- an aggregate among the values
max(order_total) IN (SELECT e.order_total FROM events e WHERE e.user_id = events.user_id)
---
error unsupported [max(order_total)]: looking for anything but the row's own columns in a subquery is not supported yet
