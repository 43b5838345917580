-- a subquery in a subquery
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events f WHERE f.user_id = e.user_id))
---
error unsupported [EXISTS (SELECT 1 FROM events f WHERE f.user_id = e.user_id)]: a subquery inside an aggregate or another subquery is not supported yet
