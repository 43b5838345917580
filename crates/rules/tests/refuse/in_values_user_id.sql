-- user_id as a value among others
order_total IN (SELECT e.user_id FROM events e)
---
error cross_user_subquery [SELECT e.user_id FROM events e]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
