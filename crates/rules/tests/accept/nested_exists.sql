-- a subquery in a subquery
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events f WHERE f.user_id = e.user_id))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id))
warning always_true [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events f WHERE f.user_id = e.user_id))]: every user that has an event is in this segment: the clause is always TRUE
