-- a column that is never NULL
user_id IS NULL
---
user_id IS NULL
warning always_false [user_id IS NULL]: no user can ever be in this segment: the clause is never TRUE
