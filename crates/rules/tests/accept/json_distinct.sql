-- different values of the payload, numbers by value
count(DISTINCT payload['k']) >= 2
---
(SELECT count(payload['k']) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND payload['k'] IS NOT DISTINCT FROM (e.payload)['k'] AND event_id < e.event_id)) >= 2
warning retains_events [count(DISTINCT payload['k'])]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
