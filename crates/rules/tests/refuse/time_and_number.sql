-- a number is no length of time
created_at >= now() - 30 AND to_date(created_at) + 1 = today()
---
error type_mismatch [now() - 30]: `-` does not take TIMESTAMP and BIGINT
  hint: a length of time is written as `INTERVAL 30 DAY`
error type_mismatch [to_date(created_at) + 1]: `+` does not take DATE and BIGINT
  hint: a length of time is written as `INTERVAL 30 DAY`
