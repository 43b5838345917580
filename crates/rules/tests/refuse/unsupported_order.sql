-- order and limit
user_id IN (SELECT user_id FROM events ORDER BY created_at LIMIT 10)
---
error unsupported [user_id IN (SELECT user_id FROM events ORDER BY created_at LIMIT 10)]: LIMIT in a subquery is not supported yet
  hint: the first row of an order is `ORDER BY … LIMIT 1` in a scalar subquery
