-- what a missing row adds to a value
(SELECT count(*) FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at WHERE v.user_id = events.user_id) > 3
  AND (SELECT count(p.event_id) FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.region WHERE v.user_id = events.user_id) > 3
  AND (SELECT sum(coalesce(p.order_total, 1)) FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.url = v.url WHERE v.user_id = events.user_id) > 3
---
coalesce((SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at) THEN (SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at) ELSE 1 END) FROM events e WHERE e.user_id = events.user_id), 0) > 3 AND coalesce((SELECT sum((SELECT count(event_id) FROM events e2 WHERE e2.user_id = e.user_id AND region = e.region)) FROM events e WHERE e.user_id = events.user_id), 0) > 3 AND (SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND url = e.url) THEN (SELECT sum(coalesce(order_total, 1)) FROM events e2 WHERE e2.user_id = e.user_id AND url = e.url) ELSE coalesce(CAST(NULL AS DECIMAL(38, 4)), 1) END) FROM events e WHERE e.user_id = events.user_id) > 3
warning retains_events [count(*)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
