-- a time against an interval
created_at > INTERVAL 7 DAY
---
error type_mismatch [created_at > INTERVAL 7 DAY]: TIMESTAMP and INTERVAL cannot be compared
  hint: compare a time with `now() - INTERVAL …`
