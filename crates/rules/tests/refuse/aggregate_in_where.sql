-- an aggregate in WHERE
user_id IN (SELECT user_id FROM events WHERE count(*) > 3)
---
error misplaced_aggregate [count(*)]: an aggregate cannot stand inside another aggregate or in a subquery's WHERE
  hint: conditions on aggregates belong into HAVING or directly into the clause
