-- groups of anyone's pairs
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.region HAVING count(*) > 1)
  OR user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.url = v.url GROUP BY v.url)
  OR EXISTS (SELECT 1 FROM (SELECT v.user_id, count(*) AS n FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.url) t WHERE t.user_id = events.user_id)
---
error cross_user_subquery [GROUP BY v.region]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `v.user_id` too, or add `v.user_id = events.user_id` to its WHERE
  replacement: GROUP BY v.user_id, v.region
error cross_user_subquery [GROUP BY v.url]: these groups put the events of different users together: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: group by `v.user_id` too, or add `v.user_id = events.user_id` to its WHERE
  replacement: GROUP BY v.user_id, v.url
error cross_user_subquery [SELECT v.user_id, count(*) AS n FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.url]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `v.user_id = events.user_id` to its WHERE
