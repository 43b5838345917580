-- some region that is not the user's own, with more than the user's usual number of events
user_id IN (SELECT user_id FROM events WHERE region <> (SELECT traits->>'home' FROM users u WHERE u.user_id = events.user_id)
  GROUP BY user_id, region HAVING count(*) > (SELECT traits['usual'] FROM users u WHERE u.user_id = events.user_id))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region <> CASE WHEN EXISTS (SELECT 1 FROM users p WHERE p.user_id = e.user_id) THEN CAST(((SELECT p.traits FROM users p WHERE p.user_id = e.user_id))['home'] AS VARCHAR) END AND ((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND region <> CASE WHEN EXISTS (SELECT 1 FROM users p WHERE p.user_id = e2.user_id) THEN CAST(((SELECT p.traits FROM users p WHERE p.user_id = e2.user_id))['home'] AS VARCHAR) END AND region IS NOT DISTINCT FROM e.region) > CAST(((SELECT p.traits FROM users p WHERE p.user_id = e.user_id))['usual'] AS DOUBLE)) IS TRUE)
warning retains_events [region <> (SELECT traits->>'home' FROM users u WHERE u.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
