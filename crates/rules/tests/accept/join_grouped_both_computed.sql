-- By what is computed of both tables, and by a column of the third.
user_id IN (SELECT a.user_id FROM events a JOIN events b ON b.user_id = a.user_id JOIN events c ON c.user_id = a.user_id
  WHERE b.created_at > a.created_at GROUP BY a.user_id, a.region || b.region, c.device_type HAVING count(*) > 3)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND (coalesce((SELECT sum((SELECT sum((SELECT count(*) FROM events e6 WHERE e6.user_id = e5.user_id AND device_type IS NOT DISTINCT FROM e3.device_type)) FROM events e5 WHERE e5.user_id = e4.user_id AND concat(e4.region, region) IS NOT DISTINCT FROM concat(e.region, e2.region) AND created_at > e4.created_at)) FROM events e4 WHERE e4.user_id = e3.user_id), 0) > 3) IS TRUE)))
warning retains_events [user_id IN (SELECT a.user_id FROM events a JOIN events b ON b.user_id = a.user_id JOIN events c ON c.user_id = a.user_id
  WHERE b.created_at > a.created_at GROUP BY a.user_id, a.region || b.region, c.device_type HAVING count(*) > 3)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning above_budget [user_id IN (SELECT a.user_id FROM events a JOIN events b ON b.user_id = a.user_id JOIN events c ON c.user_id = a.user_id
  WHERE b.created_at > a.created_at GROUP BY a.user_id, a.region || b.region, c.device_type HAVING count(*) > 3)]: events are compared with each other: with 1000 kept events that can take 256000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
