-- a union
user_id IN (SELECT user_id FROM events UNION SELECT user_id FROM events)
---
error unsupported [user_id IN (SELECT user_id FROM events UNION SELECT user_id FROM events)]: UNION, EXCEPT, INTERSECT or VALUES is not supported yet
  hint: join conditions: `… OR …` for UNION, `… AND …` for INTERSECT, `… AND NOT …` for EXCEPT
