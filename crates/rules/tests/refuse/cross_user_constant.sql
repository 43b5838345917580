-- another user by number
EXISTS (SELECT 1 FROM events e WHERE e.user_id = 5)
---
error cross_user_subquery [SELECT 1 FROM events e WHERE e.user_id = 5]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
