-- pairs whose one event is anyone's, though the group is of one user
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.region = v.region GROUP BY v.user_id HAVING count(*) > 1)
  OR EXISTS (SELECT 1 FROM (SELECT v.user_id, count(*) AS n FROM events v JOIN events p ON p.region = v.region
    WHERE v.user_id = events.user_id GROUP BY v.user_id) t WHERE t.user_id = events.user_id AND t.n > 1)
  OR user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.region = v.region GROUP BY p.user_id)
  OR user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.region = v.region GROUP BY v.user_id, p.user_id)
  OR user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.region = v.region WHERE v.user_id = events.user_id GROUP BY p.user_id)
  OR user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.region = v.region GROUP BY v.user_id)
---
error cross_user_subquery [SELECT v.user_id FROM events v JOIN events p ON p.region = v.region GROUP BY v.user_id HAVING count(*) > 1]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `p.user_id = v.user_id` to its WHERE
error cross_user_subquery [SELECT v.user_id, count(*) AS n FROM events v JOIN events p ON p.region = v.region
    WHERE v.user_id = events.user_id GROUP BY v.user_id]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `p.user_id = v.user_id` to its WHERE
error cross_user_subquery [SELECT v.user_id FROM events v JOIN events p ON p.region = v.region GROUP BY p.user_id]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `v.user_id = p.user_id` to its WHERE
error cross_user_subquery [SELECT v.user_id FROM events v JOIN events p ON p.region = v.region GROUP BY v.user_id, p.user_id]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `p.user_id = v.user_id` to its WHERE
error cross_user_subquery [SELECT v.user_id FROM events v JOIN events p ON p.region = v.region WHERE v.user_id = events.user_id GROUP BY p.user_id]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `v.user_id = p.user_id` to its WHERE
error cross_user_subquery [SELECT v.user_id FROM events v LEFT JOIN events p ON p.region = v.region GROUP BY v.user_id]: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `p.user_id = v.user_id` to its ON
