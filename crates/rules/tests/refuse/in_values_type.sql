-- values that do not compare
order_total IN (SELECT e.region FROM events e WHERE e.user_id = events.user_id)
---
error type_mismatch [order_total IN (SELECT e.region FROM events e WHERE e.user_id = events.user_id)]: DECIMAL and VARCHAR cannot be compared
  hint: a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none
