-- of the user's own events
EXISTS (SELECT 1 FROM (SELECT e.region, row_number() OVER (ORDER BY e.created_at) AS n FROM events e WHERE e.user_id = events.user_id) t WHERE t.n <= 3 AND t.region = 'CA')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND (created_at < e.created_at OR (created_at IS NOT DISTINCT FROM e.created_at AND event_id < e.event_id))) + 1 <= 3 AND region = 'CA')
warning retains_events [t.n <= 3]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
