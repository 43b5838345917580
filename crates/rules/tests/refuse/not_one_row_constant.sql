-- a scalar subquery of a constant
(SELECT 1 FROM events e WHERE e.user_id = events.user_id) = 1
---
error not_one_row [1]: the subquery may return more than one row
  hint: select an aggregate, such as `max(…)` or `arg_max(…, created_at)`
