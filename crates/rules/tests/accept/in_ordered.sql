-- an order where only the values matter changes nothing
user_id IN (SELECT user_id FROM events WHERE region = 'CA' ORDER BY created_at) OR region IN (SELECT e.region AS r FROM events e WHERE e.user_id = events.user_id AND e.event_id <> events.event_id ORDER BY r)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') OR CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND event_id <> events.event_id AND events.region = region) THEN TRUE WHEN EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND event_id <> events.event_id AND (events.region = region) IS NULL) THEN NULL ELSE FALSE END
warning retains_events [region IN (SELECT e.region AS r FROM events e WHERE e.user_id = events.user_id AND e.event_id <> events.event_id ORDER BY r)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
