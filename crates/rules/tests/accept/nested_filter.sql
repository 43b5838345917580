-- an aggregate of events that others follow
count(*) FILTER (WHERE EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)) >= 2
---
(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at)) >= 2
warning retains_events [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
