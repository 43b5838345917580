-- rows, and limits, among those of a subquery
(user_id, order_id) IN (SELECT user_id, order_id FROM events GROUP BY user_id, order_id HAVING count(*) > 1) OR region IN (SELECT e.region FROM events e WHERE e.user_id = events.user_id LIMIT 10) OR user_id IN (SELECT max(user_id) FROM events)
---
error unsupported [(user_id, order_id)]: rows in IN a subquery are not supported yet
  hint: compare one column of the user's own events: `order_id IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id AND …)`
error unsupported [region IN (SELECT e.region FROM events e WHERE e.user_id = events.user_id LIMIT 10)]: LIMIT in IN is not supported yet
  hint: leave it out, or say which row: `x = (SELECT e.x FROM events e WHERE … ORDER BY … LIMIT 1)`
error cross_user_subquery [SELECT max(user_id) FROM events]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
