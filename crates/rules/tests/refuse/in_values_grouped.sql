-- a group of values
order_id IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id GROUP BY e.user_id)
---
error unsupported [order_id IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id GROUP BY e.user_id)]: IN a group of anything but `user_id` is not supported yet
