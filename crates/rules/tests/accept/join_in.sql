-- the user of a pair
user_id IN (SELECT v.user_id FROM events v INNER JOIN events p ON v.user_id = p.user_id AND p.order_id = v.order_id AND p.event_id <> v.event_id)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND order_id = e.order_id AND event_id <> e.event_id))
warning retains_events [user_id IN (SELECT v.user_id FROM events v INNER JOIN events p ON v.user_id = p.user_id AND p.order_id = v.order_id AND p.event_id <> v.event_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
