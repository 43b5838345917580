-- a group of pairs
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING count(*) > 3)
---
error unsupported [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING count(*) > 3)]: GROUP BY or HAVING over a JOIN is not supported yet
