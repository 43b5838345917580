-- the joined table is not tied
EXISTS (SELECT 1 FROM events v JOIN events p ON p.url = v.url WHERE v.user_id = events.user_id)
---
error cross_user_subquery [SELECT 1 FROM events v JOIN events p ON p.url = v.url WHERE v.user_id = events.user_id]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `p.user_id = events.user_id` to its WHERE
