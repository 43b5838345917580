-- of the user alone
user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')
---
(EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] = 'pro') IS TRUE
warning only_users_with_events [user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')]: the clause names no event, and selects only users with at least one event
