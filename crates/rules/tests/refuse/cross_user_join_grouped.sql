-- groups of pairs of anyone
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING count(*) > 3)
---
error cross_user_subquery [SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING count(*) > 3]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `v.user_id = events.user_id` to its WHERE
