-- the user of a row that may be missing
EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id AND p.user_id = v.user_id)
---
error unsupported [EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id AND p.user_id = v.user_id)]: the `user_id` of a LEFT JOIN outside of its ON is not supported yet
  hint: use the `user_id` of the other table; that there is no row is `p.event_id IS NULL`
