-- a subquery in HAVING
user_id IN (SELECT user_id FROM events e GROUP BY user_id HAVING count(*) > (SELECT count(*) FROM events f WHERE f.user_id = e.user_id AND f.region = 'CA') + 1)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id) AND (count(*) > count(*) FILTER (WHERE region = 'CA') + 1) IS TRUE
