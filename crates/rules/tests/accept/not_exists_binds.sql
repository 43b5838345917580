-- NOT EXISTS is read as one word, as in Databend
NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') IS NULL OR NOT (EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') IS NULL)
---
(NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')) IS NULL OR EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') IS NOT NULL
warning always_true [NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') IS NULL OR NOT (EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') IS NULL)]: every user that has an event is in this segment: the clause is always TRUE
