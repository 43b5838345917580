-- an inner table of the same name hides the outer one
EXISTS (SELECT 1 FROM events WHERE events.user_id = events.user_id AND region = 'CA')
---
error cross_user_subquery [SELECT 1 FROM events WHERE events.user_id = events.user_id AND region = 'CA']: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
