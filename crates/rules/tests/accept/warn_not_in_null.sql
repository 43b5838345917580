-- NOT IN with a NULL is never TRUE
region NOT IN ('CA', NULL)
---
region NOT IN ('CA', NULL)
warning always_false [region NOT IN ('CA', NULL)]: no user can ever be in this segment: the clause is never TRUE
