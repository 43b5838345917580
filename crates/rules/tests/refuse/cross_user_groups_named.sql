-- groups by a name or number that is not the user's, and by everything
user_id IN (SELECT user_id AS region FROM events GROUP BY region)
  OR user_id IN (SELECT user_id FROM (SELECT user_id, region FROM events) t GROUP BY t.region)
  OR EXISTS (SELECT 1 FROM (SELECT region, user_id, count(*) AS n FROM events GROUP BY 1) t WHERE t.user_id = events.user_id)
  OR user_id IN (SELECT user_id FROM events GROUP BY ALL)
---
error cross_user_subquery [GROUP BY region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, region
error cross_user_subquery [GROUP BY t.region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or add `t.user_id = events.user_id` to its WHERE
  replacement: GROUP BY user_id, t.region
error cross_user_subquery [GROUP BY 1]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, 1
error unsupported [SELECT]: GROUP BY ALL is not supported yet
  hint: name what the groups have in common
