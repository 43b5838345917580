-- a slip, with the nearest name
regoin = 'CA' AND created_at > now() - INTERVAL 1 DAY
---
error unknown_column [regoin]: `events` has no column `regoin`
  hint: did you mean `region`?
  replacement: region
