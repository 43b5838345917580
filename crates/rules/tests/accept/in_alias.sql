-- IN with DISTINCT and an alias
user_id IN (SELECT DISTINCT e.user_id FROM events e WHERE e.region = 'CA')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')
