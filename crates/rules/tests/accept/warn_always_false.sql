-- one row has one region
region = 'CA' AND region = 'TX'
---
region = 'CA' AND region = 'TX'
warning always_false [region = 'CA' AND region = 'TX']: this is never TRUE: `region = 'CA'` and `region = 'TX'` exclude each other
  hint: both are asked of one event: write OR, or an EXISTS for each if different events are meant
