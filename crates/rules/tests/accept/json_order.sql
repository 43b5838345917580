-- the event that is first by a value of the payload
(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.payload['k'] DESC LIMIT 1) = 'CA'
---
(SELECT arg_max(region, created_at) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND (payload['k'] > (e.payload)['k'] OR (payload['k'] IS NOT NULL AND (e.payload)['k'] IS NULL) OR (payload['k'] IS NOT DISTINCT FROM (e.payload)['k'] AND event_id > e.event_id)))) = 'CA'
warning retains_events [(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.payload['k'] DESC LIMIT 1)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
