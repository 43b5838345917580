-- groups of anyone's events in EXISTS, as a value, among values, and HAVING over all of them
EXISTS (SELECT 1 FROM events e GROUP BY e.region HAVING count(*) > 1)
  OR (SELECT e.region FROM events e GROUP BY e.region ORDER BY count(*) DESC LIMIT 1) = 'CA'
  OR region IN (SELECT e.region FROM events e GROUP BY e.region)
  OR EXISTS (SELECT 1 FROM events e HAVING count(*) > 1)
  OR user_id IN (SELECT max(user_id) FROM events GROUP BY region)
  OR EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.user_id IN (SELECT f.user_id FROM events f GROUP BY f.region))
---
error cross_user_subquery [SELECT 1 FROM events e GROUP BY e.region HAVING count(*) > 1]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
error cross_user_subquery [SELECT e.region FROM events e GROUP BY e.region ORDER BY count(*) DESC LIMIT 1]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
error cross_user_subquery [SELECT e.region FROM events e GROUP BY e.region]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
error cross_user_subquery [SELECT 1 FROM events e HAVING count(*) > 1]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
error cross_user_subquery [SELECT max(user_id) FROM events GROUP BY region]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
error cross_user_subquery [GROUP BY f.region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `f.user_id` too, or add `f.user_id = e.user_id` to its WHERE
  replacement: GROUP BY f.user_id, f.region
