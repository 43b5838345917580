-- an OR inside of EXISTS
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (e.region = 'CA' OR e.country = 'MX'))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (region = 'CA' OR country = 'MX'))
