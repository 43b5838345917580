-- values of other users
region IN (SELECT region FROM events WHERE country = 'US')
---
error cross_user_subquery [SELECT region FROM events WHERE country = 'US']: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
