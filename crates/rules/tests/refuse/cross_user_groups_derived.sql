-- tables of groups of anyone's events
EXISTS (SELECT 1 FROM (SELECT user_id, count(*) AS n FROM events GROUP BY region) t WHERE t.user_id = events.user_id AND t.n > 1)
  OR (SELECT max(t.n) FROM (SELECT e.region, count(*) AS n FROM events e GROUP BY e.region) t) > 3
  OR user_id IN (SELECT user_id FROM (SELECT user_id, region, count(*) AS n FROM events GROUP BY user_id, region) t GROUP BY t.region HAVING sum(t.n) > 1)
  OR EXISTS (SELECT 1 FROM (SELECT DISTINCT region FROM events) t WHERE t.region = 'CA')
  OR user_id IN (SELECT user_id FROM (SELECT DISTINCT user_id, region FROM events) t GROUP BY region)
---
error cross_user_subquery [GROUP BY region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, region
error cross_user_subquery [GROUP BY e.region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `e.user_id = events.user_id` to its WHERE
error cross_user_subquery [GROUP BY t.region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or add `t.user_id = events.user_id` to its WHERE
  replacement: GROUP BY user_id, t.region
error cross_user_subquery [SELECT 1 FROM (SELECT DISTINCT region FROM events) t WHERE t.region = 'CA']: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `t.user_id = events.user_id` to its WHERE
error cross_user_subquery [GROUP BY region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or add `t.user_id = events.user_id` to its WHERE
  replacement: GROUP BY user_id, region
