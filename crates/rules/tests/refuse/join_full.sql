-- FULL JOIN
EXISTS (SELECT 1 FROM events v FULL JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)
---
error unsupported [EXISTS (SELECT 1 FROM events v FULL JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)]: a FULL JOIN is not supported yet
  hint: ask for the rows of either side: `EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON …) OR EXISTS (SELECT 1 FROM events p LEFT JOIN events v ON …)`
