-- whether anything is said of the user, as a count
(SELECT count(*) FROM users u WHERE u.user_id = events.user_id AND u.traits['plan'] = 'pro') = 1
---
CASE WHEN (EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] = 'pro') IS TRUE THEN 1 ELSE 0 END = 1
warning only_users_with_events [(SELECT count(*) FROM users u WHERE u.user_id = events.user_id AND u.traits['plan'] = 'pro') = 1]: the clause names no event, and selects only users with at least one event
