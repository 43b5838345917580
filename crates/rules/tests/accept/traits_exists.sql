-- of whom nothing was ever said
NOT EXISTS (SELECT 1 FROM users WHERE users.user_id = events.user_id AND users.traits['plan'] IS NOT NULL) AND region = 'CA'
---
(EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] IS NOT NULL) IS NOT TRUE AND region = 'CA'
