-- groups of anyone's events, and a user id that differs in them
user_id IN (SELECT user_id FROM events GROUP BY region HAVING count(*) > 1)
  OR user_id IN (SELECT user_id FROM events GROUP BY activity_type)
  OR user_id NOT IN (SELECT e.user_id FROM events e WHERE e.region = 'CA' GROUP BY date_trunc('week', e.created_at), e.url)
  OR user_id IN (SELECT DISTINCT user_id FROM events GROUP BY region)
  OR user_id IN (SELECT user_id FROM events GROUP BY user_id % 2)
---
error cross_user_subquery [GROUP BY region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, region
error cross_user_subquery [GROUP BY activity_type]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, activity_type
error cross_user_subquery [GROUP BY date_trunc('week', e.created_at), e.url]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `e.user_id` too, or add `e.user_id = events.user_id` to its WHERE
  replacement: GROUP BY e.user_id, date_trunc('week', e.created_at), e.url
error cross_user_subquery [GROUP BY region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, region
error cross_user_subquery [GROUP BY user_id % 2]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `user_id` too, or give the inner table a name of its own: `FROM events e WHERE e.user_id = events.user_id AND …`
  replacement: GROUP BY user_id, user_id % 2
