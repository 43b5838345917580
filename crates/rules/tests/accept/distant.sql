-- a row two subqueries away
EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND EXISTS (SELECT 1 FROM events b WHERE b.user_id = a.user_id AND b.url = events.url))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND url = events.url))
warning retains_events [EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND EXISTS (SELECT 1 FROM events b WHERE b.user_id = a.user_id AND b.url = events.url))]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
