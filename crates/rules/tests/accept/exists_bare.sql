-- an inner table under another name, columns unqualified
EXISTS (SELECT * FROM events AS e WHERE user_id = events.user_id AND region = 'CA')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')
