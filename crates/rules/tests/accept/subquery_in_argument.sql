-- a subquery inside an argument
sum((SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.created_at < events.created_at)) > 3
---
(SELECT sum((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND created_at < e.created_at)) FROM events e WHERE e.user_id = events.user_id) > 3
warning retains_events [count(*)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
