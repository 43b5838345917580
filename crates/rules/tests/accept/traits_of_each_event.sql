-- among the traits
region IN (SELECT traits->>'region' FROM users u WHERE u.user_id = events.user_id)
---
CASE WHEN EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) THEN region = CAST(((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['region'] AS VARCHAR) ELSE FALSE END
warning retains_events [region IN (SELECT traits->>'region' FROM users u WHERE u.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
