-- the correlation in the other order and anywhere
EXISTS (SELECT e.event_id FROM events e WHERE e.region = 'CA' AND (events.user_id = e.user_id AND e.country = 'US'))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA' AND country = 'US')
