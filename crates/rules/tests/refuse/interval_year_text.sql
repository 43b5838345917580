-- nor has a year
created_at > now() - INTERVAL '1 year'
---
error calendar_interval [INTERVAL '1 year']: months and years differ in length, so that a window of them would not slide evenly
  hint: say it in days: about 365 each
  replacement: INTERVAL 365 DAY
