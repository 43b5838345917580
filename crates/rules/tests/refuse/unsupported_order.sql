-- order and limit
user_id IN (SELECT user_id FROM events ORDER BY created_at LIMIT 10)
---
error unsupported [user_id IN (SELECT user_id FROM events ORDER BY created_at LIMIT 10)]: LIMIT in IN is not supported yet
  hint: leave it out, or say which row: `x = (SELECT e.x FROM events e WHERE … ORDER BY … LIMIT 1)`
