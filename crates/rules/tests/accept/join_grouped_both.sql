-- Groups by columns of both tables: a row of each stands for one.
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  GROUP BY v.user_id, v.region, p.region HAVING count(*) >= 2 AND v.region <> p.region)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND (coalesce((SELECT sum((SELECT count(*) FROM events e4 WHERE e4.user_id = e3.user_id AND region IS NOT DISTINCT FROM e2.region AND created_at > e3.created_at)) FROM events e3 WHERE e3.user_id = e2.user_id AND region IS NOT DISTINCT FROM e.region), 0) >= 2 AND e.region <> region) IS TRUE))
warning retains_events [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  GROUP BY v.user_id, v.region, p.region HAVING count(*) >= 2 AND v.region <> p.region)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning above_budget [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  GROUP BY v.user_id, v.region, p.region HAVING count(*) >= 2 AND v.region <> p.region)]: events are compared with each other: with 1000 kept events that can take 4000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
