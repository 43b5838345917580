-- a subquery inside an argument
sum((SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.created_at < events.created_at)) > 3
---
error unsupported [(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.created_at < events.created_at)]: a subquery inside an aggregate's argument is not supported yet
