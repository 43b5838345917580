-- a value as it stands
(SELECT traits['plan'] FROM users u WHERE u.user_id = events.user_id) = 'pro' AND count(*) > 3
---
((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] = 'pro' AND count(*) > 3
