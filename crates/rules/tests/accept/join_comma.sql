-- two tables in FROM
user_id NOT IN (SELECT v.user_id FROM events v, events p WHERE v.user_id = p.user_id AND p.created_at > v.created_at AND v.region = 'CA')
---
NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at))
warning retains_events [user_id NOT IN (SELECT v.user_id FROM events v, events p WHERE v.user_id = p.user_id AND p.created_at > v.created_at AND v.region = 'CA')]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
