-- IN without GROUP BY
user_id IN (SELECT user_id FROM events WHERE region = 'CA')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')
