-- an inner subquery that is not tied
EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND EXISTS (SELECT 1 FROM events b WHERE b.url = a.url))
---
error cross_user_subquery [SELECT 1 FROM events b WHERE b.url = a.url]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `b.user_id = a.user_id` to its WHERE
