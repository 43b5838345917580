-- a limit that lets a row through changes nothing
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA' ORDER BY e.created_at DESC, e.region LIMIT 5)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')
