-- pairs joined with a third event
EXISTS (SELECT 1 FROM events q JOIN (SELECT v.user_id, v.region AS a, p.region AS b FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at) t ON t.user_id = q.user_id AND t.b = q.country WHERE q.user_id = events.user_id AND t.a <> t.b)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND created_at > e2.created_at AND region = e.country AND e2.region <> region)))
warning retains_events [EXISTS (SELECT 1 FROM events q JOIN (SELECT v.user_id, v.region AS a, p.region AS b FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at) t ON t.user_id = q.user_id AND t.b = q.country WHERE q.user_id = events.user_id AND t.a <> t.b)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
