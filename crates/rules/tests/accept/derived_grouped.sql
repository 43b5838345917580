-- groups as a table
(SELECT count(*) FROM (SELECT user_id, date_trunc('week', created_at) AS week, count(*) AS n FROM events GROUP BY user_id, week) w WHERE w.user_id = events.user_id AND n >= 2) >= 3
---
(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND date_trunc('week', created_at) IS NOT DISTINCT FROM date_trunc('week', e.created_at) AND event_id < e.event_id) AND (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND date_trunc('week', created_at) IS NOT DISTINCT FROM date_trunc('week', e.created_at)) >= 2) >= 3
warning retains_events [count(*)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
