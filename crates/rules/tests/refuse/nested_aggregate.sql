-- an aggregate in an aggregate
sum(count(*)) > 1
---
error misplaced_aggregate [count(*)]: an aggregate cannot stand inside another aggregate or in a subquery's WHERE
  hint: conditions on aggregates belong into HAVING or directly into the clause
