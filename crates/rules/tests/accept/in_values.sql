-- an order of its own: NULLs among the others make it unknown
order_id NOT IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id AND e.event_id <> events.event_id)
---
NOT CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND event_id <> events.event_id AND events.order_id = order_id) THEN TRUE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND event_id <> events.event_id AND (events.order_id = order_id) IS NULL) THEN NULL ELSE FALSE END
warning retains_events [order_id NOT IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id AND e.event_id <> events.event_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
