-- beside the group of the user
user_id IN (SELECT user_id FROM events e WHERE e.user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro') GROUP BY user_id HAVING count(*) > 3)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (EXISTS (SELECT 1 FROM users p WHERE p.user_id = e.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = e.user_id))['plan'] = 'pro') IS TRUE) AND (count(*) FILTER (WHERE (EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] = 'pro') IS TRUE) > 3) IS TRUE
