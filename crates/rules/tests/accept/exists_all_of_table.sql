-- what EXISTS selects does not matter
EXISTS (SELECT e.* FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') AND EXISTS (SELECT v.*, p.* FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url WHERE v.user_id = events.user_id AND p.created_at > v.created_at)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') AND EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND url = e.url AND created_at > e.created_at))
warning retains_events [EXISTS (SELECT v.*, p.* FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url WHERE v.user_id = events.user_id AND p.created_at > v.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
