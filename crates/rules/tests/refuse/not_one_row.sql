-- a scalar subquery of rows
(SELECT e.region FROM events e WHERE e.user_id = events.user_id) = 'CA'
---
error not_one_row [e.region]: the subquery may return more than one row
  hint: select an aggregate, such as `max(…)` or `arg_max(…, created_at)`
