-- two tables of one name
EXISTS (SELECT 1 FROM events v JOIN events v ON v.user_id = v.user_id WHERE v.user_id = events.user_id)
---
error unknown_table [EXISTS (SELECT 1 FROM events v JOIN events v ON v.user_id = v.user_id WHERE v.user_id = events.user_id)]: two of the joined tables have the same name
  hint: name them: `FROM events v JOIN events p ON p.user_id = v.user_id`
