-- groups of pairs by columns of one table
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  GROUP BY v.user_id, p.region, date_trunc('week', p.created_at) HAVING count(*) >= 3 AND count(DISTINCT v.url) > 1)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND e.created_at > created_at) AND (coalesce((SELECT sum((SELECT count(*) FROM events e3 WHERE e3.user_id = e2.user_id AND region IS NOT DISTINCT FROM e.region AND date_trunc('week', created_at) IS NOT DISTINCT FROM date_trunc('week', e.created_at) AND created_at > e2.created_at)) FROM events e2 WHERE e2.user_id = e.user_id), 0) >= 3 AND (SELECT count(DISTINCT url) FROM events e2 WHERE e2.user_id = e.user_id AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND region IS NOT DISTINCT FROM e.region AND date_trunc('week', created_at) IS NOT DISTINCT FROM date_trunc('week', e.created_at) AND created_at > e2.created_at)) > 1) IS TRUE)
warning retains_events [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  GROUP BY v.user_id, p.region, date_trunc('week', p.created_at) HAVING count(*) >= 3 AND count(DISTINCT v.url) > 1)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning above_budget [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  GROUP BY v.user_id, p.region, date_trunc('week', p.created_at) HAVING count(*) >= 3 AND count(DISTINCT v.url) > 1)]: events are compared with each other: with 1000 kept events that can take 4000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
