-- another user's
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.user_id <> events.user_id)
---
error cross_user_subquery [events.user_id]: the subquery may reach events of other users: `user_id` does not tie it to this one here
  hint: write `e.user_id = events.user_id` on its own, joined to the rest by AND
