-- every problem at once
regoin = 'CA' AND order_total > 'x' AND random() > 0.5 AND created_at > now() - INTERVAL 1 MONTH
---
error unknown_column [regoin]: `events` has no column `regoin`
  hint: did you mean `region`?
  replacement: region
error type_mismatch [order_total > 'x']: DECIMAL and VARCHAR cannot be compared
  hint: a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none
error non_deterministic_function [random()]: `random` may differ between two evaluations at the same instant
  hint: membership is decided by events and `now()` alone
error calendar_interval [INTERVAL 1 MONTH]: months and years differ in length, so that a window of them would not slide evenly
  hint: say it in days: about 30 each
  replacement: INTERVAL 30 DAY
