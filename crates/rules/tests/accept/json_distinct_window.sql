-- different values of the payload in a window
count(DISTINCT payload['k']) FILTER (WHERE created_at >= now() - INTERVAL 7 DAY) >= 2
---
(SELECT count(payload['k']) FROM events e WHERE e.user_id = events.user_id AND created_at >= now() - INTERVAL 7 DAY AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at >= now() - INTERVAL 7 DAY AND payload['k'] IS NOT DISTINCT FROM (e.payload)['k'] AND event_id < e.event_id)) >= 2
information retains_events [count(DISTINCT payload['k']) FILTER (WHERE created_at >= now() - INTERVAL 7 DAY)]: every event is kept per user for 7 days, to compare events with each other
