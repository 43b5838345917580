-- another group
user_id IN (SELECT user_id FROM events GROUP BY region, user_id)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id)
warning always_true [user_id IN (SELECT user_id FROM events GROUP BY region, user_id)]: every user that has an event is in this segment: the clause is always TRUE
