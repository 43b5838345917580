-- seen in the region that is said of the user, within the days that are said
region = (SELECT traits->>'home' FROM users u WHERE u.user_id = events.user_id)
  AND count(*) FILTER (WHERE order_total > (SELECT u.traits['limit']::DECIMAL(18, 2) FROM users u WHERE u.user_id = events.user_id)
    AND created_at >= now() - INTERVAL 7 DAY) >= 2
---
region = CASE WHEN EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) THEN CAST(((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['home'] AS VARCHAR) END AND count(*) FILTER (WHERE order_total > CASE WHEN EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) THEN CAST(((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['limit'] AS DECIMAL(18, 2)) END AND created_at >= now() - INTERVAL 7 DAY) >= 2
warning retains_events [region = (SELECT traits->>'home' FROM users u WHERE u.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
