-- a comparison with the row around
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)
---
error unsupported [events.created_at]: comparing two rows of a user with each other is not supported yet
  hint: only `user_id` may connect a subquery with the row around it
