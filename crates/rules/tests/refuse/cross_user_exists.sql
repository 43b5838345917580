-- no correlation
EXISTS (SELECT 1 FROM events e WHERE e.region = 'CA')
---
error cross_user_subquery [SELECT 1 FROM events e WHERE e.region = 'CA']: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
