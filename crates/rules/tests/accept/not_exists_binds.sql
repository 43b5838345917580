-- NOT EXISTS is read as one word, as in Databend
NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') IS NOT TRUE OR NOT (EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'TX') IS NOT TRUE)
---
(NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')) IS NOT TRUE OR NOT (EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'TX') IS NOT TRUE)
