-- one row has one region
region = 'CA' AND region = 'TX'
---
region = 'CA' AND region = 'TX'
warning always_false [region = 'CA' AND region = 'TX']: no user can ever be in this segment: the clause is never TRUE
