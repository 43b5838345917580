-- a group compared with the row around
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.url = events.url GROUP BY e.user_id HAVING count(*) >= 3 AND max(e.created_at) > events.created_at)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND url = events.url) AND ((SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND url = events.url) >= 3 AND (SELECT max(created_at) FROM events e WHERE e.user_id = events.user_id AND url = events.url) > created_at) IS TRUE
warning retains_events [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.url = events.url GROUP BY e.user_id HAVING count(*) >= 3 AND max(e.created_at) > events.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
