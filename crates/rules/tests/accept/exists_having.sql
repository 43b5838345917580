-- EXISTS over a group
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA' GROUP BY e.user_id HAVING count(*) >= 3)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') AND (count(*) FILTER (WHERE region = 'CA') >= 3) IS TRUE
