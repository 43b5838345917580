-- what was said of the user
user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro') AND region = 'CA'
---
(EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] = 'pro') IS TRUE AND region = 'CA'
