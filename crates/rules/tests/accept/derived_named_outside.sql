-- a name of the derived table around, from within another one
EXISTS (SELECT 1 FROM (SELECT user_id, region, count(*) AS total FROM events GROUP BY user_id, region) t WHERE t.user_id = events.user_id
  AND EXISTS (SELECT 1 FROM (SELECT user_id, device_type, count(*) AS n FROM events GROUP BY user_id, device_type) d
    WHERE d.user_id = t.user_id AND n > total))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND region IS NOT DISTINCT FROM e.region AND event_id < e.event_id) AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND NOT EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND device_type IS NOT DISTINCT FROM e2.device_type AND event_id < e2.event_id) AND (SELECT count(*) FROM events e3 WHERE e3.user_id = e2.user_id AND device_type IS NOT DISTINCT FROM e2.device_type) > (SELECT count(*) FROM events e3 WHERE e3.user_id = e2.user_id AND region IS NOT DISTINCT FROM e.region)))
warning retains_events [EXISTS (SELECT 1 FROM (SELECT user_id, region, count(*) AS total FROM events GROUP BY user_id, region) t WHERE t.user_id = events.user_id
  AND EXISTS (SELECT 1 FROM (SELECT user_id, device_type, count(*) AS n FROM events GROUP BY user_id, device_type) d
    WHERE d.user_id = t.user_id AND n > total))]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
