-- a month has no fixed length
created_at > now() - INTERVAL 3 MONTH
---
error calendar_interval [INTERVAL 3 MONTH]: months and years differ in length, so that a window of them would not slide evenly
  hint: say it in days: about 30 each
  replacement: INTERVAL 90 DAY
