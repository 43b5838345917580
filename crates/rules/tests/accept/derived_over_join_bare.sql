-- likewise without the name of the table
user_id IN (SELECT user_id FROM (SELECT v.user_id, v.url AS first_url, p.payload FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at) t WHERE first_url LIKE '/%' AND payload['k'] = 'CA')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND url LIKE '/%' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND payload['k'] = 'CA'))
warning retains_events [user_id IN (SELECT user_id FROM (SELECT v.user_id, v.url AS first_url, p.payload FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at) t WHERE first_url LIKE '/%' AND payload['k'] = 'CA')]: every event with `url LIKE '/%' OR payload['k'] = 'CA'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
