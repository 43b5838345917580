-- IN over all events, HAVING alone
user_id IN (SELECT user_id FROM events GROUP BY user_id HAVING count(*) >= 5)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id) AND (count(*) >= 5) IS TRUE
