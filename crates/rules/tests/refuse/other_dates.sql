-- dates and lengths of time of other forms
extract(isoyear FROM created_at) = 2026 OR created_at >= now() - INTERVAL '01:30:00' OR created_at >= now() - INTERVAL '30d' OR created_at >= now() - INTERVAL 1 WEEK * 2 OR created_at > today() - 1 OR max(created_at) - min(created_at) > INTERVAL 1 MINUTE OR created_at >= date_trunc('week', now() - INTERVAL 7 DAY)
---
error invalid_literal [extract(isoyear FROM created_at)]: this is no unit of the calendar that is known here
  hint: known are year, quarter, month, week, day, hour, minute, second, dow, isodow, doy
error invalid_literal [INTERVAL '01:30:00']: this is not a length of time
  hint: write it as `INTERVAL 30 DAY` or `INTERVAL '1 day 12 hours'`
error invalid_literal [INTERVAL '30d']: this is not a length of time
  hint: write it as `INTERVAL 30 DAY` or `INTERVAL '1 day 12 hours'`
error type_mismatch [INTERVAL 1 WEEK * 2]: `*` does not take INTERVAL and BIGINT
error type_mismatch [today() - 1]: `-` does not take DATE and BIGINT
  hint: a length of time is written as `INTERVAL 30 DAY`
error unsupported [max(created_at) - min(created_at)]: the difference of two times is not supported yet
  hint: move one to the other side: `created_at >= now() - INTERVAL 7 DAY`
