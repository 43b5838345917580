-- subqueries of other forms
order_total >= ALL (SELECT e.order_total FROM events e WHERE e.user_id = events.user_id) OR user_id = ANY (SELECT user_id FROM events) OR user_id IN (WITH t AS (SELECT * FROM events) SELECT user_id FROM t) OR user_id IN (SELECT user_id FROM events INTERSECT SELECT user_id FROM events) OR user_id IN (SELECT user_id FROM events QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) = 1) OR (SELECT DISTINCT e.user_id FROM events e WHERE e.user_id = events.user_id) = 1 OR (SELECT 5) = 5 OR user_id IN (SELECT user_id FROM (SELECT *, lag(region) OVER (PARTITION BY user_id ORDER BY created_at) AS l FROM events) t WHERE l = 'CA') OR user_id IN (SELECT user_id FROM (SELECT user_id, count(*) OVER (PARTITION BY user_id) AS n FROM events) t WHERE n > 2) OR EXISTS (SELECT 1 FROM events e WHERE (e.user_id = events.user_id AND e.region = 'CA') OR (e.user_id = events.user_id AND e.region = 'NY'))
---
error unsupported [order_total >= ALL (SELECT e.order_total FROM events e WHERE e.user_id = events.user_id)]: a comparison with ANY or ALL is not supported yet
  hint: `= ANY (…)` is `IN (…)`; `> ALL (SELECT x …)` is a comparison with `(SELECT max(x) …)`, which is NULL over nothing
error unsupported [user_id = ANY (SELECT user_id FROM events)]: a comparison with ANY or ALL is not supported yet
  hint: `= ANY (…)` is `IN (…)`; `> ALL (SELECT x …)` is a comparison with `(SELECT max(x) …)`, which is NULL over nothing
error unsupported [user_id IN (WITH t AS (SELECT * FROM events) SELECT user_id FROM t)]: WITH in a subquery is not supported yet
  hint: put the query where its name stands: `FROM (SELECT …) t`
error unsupported [user_id IN (SELECT user_id FROM events INTERSECT SELECT user_id FROM events)]: UNION, EXCEPT, INTERSECT or VALUES is not supported yet
  hint: join conditions: `… OR …` for UNION, `… AND …` for INTERSECT, `… AND NOT …` for EXCEPT
error unsupported [user_id IN (SELECT user_id FROM events QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) = 1)]: a window in a subquery is not supported yet
  hint: number the rows in a derived table: `FROM (SELECT *, row_number() OVER (…) AS n FROM events) t WHERE t.n = 1`
error unsupported [(SELECT DISTINCT e.user_id FROM events e WHERE e.user_id = events.user_id)]: DISTINCT in a scalar subquery is not supported yet
  hint: select an aggregate, such as `count(DISTINCT x)`
error unsupported [(SELECT 5)]: a subquery over anything but one table is not supported yet
error unsupported [lag(region) OVER (PARTITION BY user_id ORDER BY created_at)]: any window function but ROW_NUMBER is not supported yet
  hint: join numbered rows: `(SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at) AS n FROM events) a JOIN (…) b ON b.user_id = a.user_id AND b.n = a.n + 1`
error unsupported [count(*) OVER (PARTITION BY user_id)]: any window function but ROW_NUMBER is not supported yet
  hint: join numbered rows: `(SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at) AS n FROM events) a JOIN (…) b ON b.user_id = a.user_id AND b.n = a.n + 1`
error cross_user_subquery [events.user_id]: the subquery may reach events of other users: `user_id` does not tie it to this one here
  hint: write `e.user_id = events.user_id` on its own, joined to the rest by AND
error cross_user_subquery [events.user_id]: the subquery may reach events of other users: `user_id` does not tie it to this one here
  hint: write `e.user_id = events.user_id` on its own, joined to the rest by AND
