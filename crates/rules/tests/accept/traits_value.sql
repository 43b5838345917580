-- as a value
(SELECT traits['age']::BIGINT FROM users u WHERE u.user_id = events.user_id) > 18 AND (SELECT u.created_at FROM users u WHERE u.user_id = events.user_id) < now() - INTERVAL 30 DAY AND order_total > 5
---
CASE WHEN EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) THEN CAST(((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['age'] AS BIGINT) END > 18 AND (SELECT p.created_at FROM users p WHERE p.user_id = events.user_id) < now() - INTERVAL 30 DAY AND order_total > 5
