-- whoever is known
user_id IN (SELECT u.user_id FROM users u JOIN events e ON e.user_id = u.user_id WHERE e.region = u.traits->>'home' GROUP BY u.user_id HAVING count(*) >= 2)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM users p WHERE p.user_id = e.user_id) AND event_id = (SELECT min(event_id) FROM events e2 WHERE e2.user_id = e.user_id) AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND region = CAST(((SELECT p.traits FROM users p WHERE p.user_id = e2.user_id))['home'] AS VARCHAR))) AND (coalesce((SELECT sum((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND region = CAST(((SELECT p.traits FROM users p WHERE p.user_id = e2.user_id))['home'] AS VARCHAR))) FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM users p WHERE p.user_id = e.user_id) AND event_id = (SELECT min(event_id) FROM events e2 WHERE e2.user_id = e.user_id)), 0) >= 2) IS TRUE
warning retains_events [e.region = u.traits->>'home']: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
