-- a constant among the values
'CA' IN (SELECT region FROM events e WHERE e.user_id = events.user_id AND e.created_at >= now() - INTERVAL 7 DAY)
---
CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at >= now() - INTERVAL 7 DAY AND 'CA' = region) THEN TRUE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at >= now() - INTERVAL 7 DAY AND ('CA' = region) IS NULL) THEN NULL ELSE FALSE END
