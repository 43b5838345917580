-- without GROUP BY the group is there even when it is empty
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA' HAVING count(*) < 3)
---
(count(*) FILTER (WHERE region = 'CA') < 3) IS TRUE
