-- the last event of the user
user_id IN (SELECT user_id FROM (SELECT user_id, activity_type, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS n FROM events) t WHERE n = 1 AND activity_type = 'added_to_cart')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND (created_at > e.created_at OR (created_at IS NOT DISTINCT FROM e.created_at AND event_id > e.event_id))) + 1 = 1 AND activity_type = 'added_to_cart')
warning retains_events [n = 1]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
