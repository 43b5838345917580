-- groups of one user's events by something else
user_id IN (SELECT e.user_id FROM events e WHERE e.user_id = events.user_id GROUP BY e.region HAVING count(*) > 1)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND ((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND region IS NOT DISTINCT FROM e.region) > 1) IS TRUE)
warning retains_events [count(*) > 1]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
