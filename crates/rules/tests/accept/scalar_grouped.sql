-- no row when there is no event
(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA' GROUP BY e.user_id HAVING count(*) < 5) IS NULL
---
CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') AND count(*) FILTER (WHERE region = 'CA') < 5 THEN count(*) FILTER (WHERE region = 'CA') END IS NULL
