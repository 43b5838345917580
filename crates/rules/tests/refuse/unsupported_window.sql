-- a window function
row_number() OVER (PARTITION BY user_id ORDER BY created_at) = 1 OR sum(order_total) OVER (PARTITION BY user_id) > 5
---
error misplaced_aggregate [row_number() OVER (PARTITION BY user_id ORDER BY created_at)]: `row_number OVER` can only stand in what a derived table selects
  hint: `user_id IN (SELECT user_id FROM (SELECT user_id, row_number() OVER (…) AS n FROM events) t WHERE n = 1)`
error misplaced_aggregate [sum(order_total) OVER (PARTITION BY user_id)]: `sum OVER` can only stand in what a derived table selects
  hint: `user_id IN (SELECT user_id FROM (SELECT user_id, row_number() OVER (…) AS n FROM events) t WHERE n = 1)`
