-- a group of pairs
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at GROUP BY v.user_id HAVING count(*) > 3)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at)) AND (coalesce((SELECT sum((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at)) FROM events e WHERE e.user_id = events.user_id), 0) > 3) IS TRUE
warning retains_events [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at GROUP BY v.user_id HAVING count(*) > 3)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
