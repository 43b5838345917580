-- traits beside joined events
EXISTS (SELECT 1 FROM events e JOIN users u ON u.user_id = e.user_id AND u.traits['plan'] = 'pro' WHERE e.user_id = events.user_id AND e.created_at > u.created_at)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND EXISTS (SELECT 1 FROM users p WHERE p.user_id = e2.user_id) AND event_id = (SELECT min(event_id) FROM events e3 WHERE e3.user_id = e2.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = e2.user_id))['plan'] = 'pro' AND e.created_at > (SELECT p.created_at FROM users p WHERE p.user_id = e2.user_id)))
warning retains_events [EXISTS (SELECT 1 FROM events e JOIN users u ON u.user_id = e.user_id AND u.traits['plan'] = 'pro' WHERE e.user_id = events.user_id AND e.created_at > u.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
