-- a value of pairs
(SELECT count(*) FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id AND p.order_id = v.order_id AND p.event_id <> v.event_id) > 3
---
coalesce((SELECT sum((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND order_id = e.order_id AND event_id <> e.event_id)) FROM events e WHERE e.user_id = events.user_id), 0) > 3
warning retains_events [count(*)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
