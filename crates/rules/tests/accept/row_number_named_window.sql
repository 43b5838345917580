-- a window by its name, and a frame that changes nothing
user_id IN (SELECT user_id FROM (SELECT user_id, region, row_number() OVER w AS n, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS m FROM events WINDOW w AS (PARTITION BY user_id ORDER BY created_at)) t WHERE t.n = 2 AND t.m <= 3 AND t.region = 'CA')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND (created_at < e.created_at OR (created_at IS NOT DISTINCT FROM e.created_at AND event_id < e.event_id))) + 1 = 2 AND (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND (created_at > e.created_at OR (created_at IS NOT DISTINCT FROM e.created_at AND event_id > e.event_id))) + 1 <= 3 AND region = 'CA')
warning retains_events [t.n = 2]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
