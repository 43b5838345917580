-- a bare NULL selects nobody
NULL
---
NULL
warning always_false [NULL]: no user can ever be in this segment: the clause is never TRUE
