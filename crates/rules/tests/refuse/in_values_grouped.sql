-- a group of values
order_id IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id GROUP BY e.user_id)
---
error misplaced_aggregate [e.order_id]: `order_id` differs between the events of the group
  hint: aggregate it, such as `max(order_id)`, or put the condition into WHERE
