-- in an alias too
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.activty_type = 'x')
---
error unknown_column [activty_type]: `events` has no column `activty_type`
  hint: did you mean `activity_type`?
  replacement: activity_type
