-- a name that could be of either table
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id AND region = 'CA')
---
error unknown_column [region]: `region` could be a column of any of the joined tables
  hint: say of which one, such as `v.region`
