-- the second row of an order
(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.created_at DESC LIMIT 1 OFFSET 1) = 'CA'
---
error unsupported [(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.created_at DESC LIMIT 1 OFFSET 1)]: this form of LIMIT is not supported yet
  hint: number the rows: `FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS n FROM events) t WHERE t.n = 2`
