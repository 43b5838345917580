-- three purchases in one week
user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased' GROUP BY user_id, date_trunc('week', created_at) HAVING count(*) >= 3)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND ((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND date_trunc('week', created_at) IS NOT DISTINCT FROM date_trunc('week', e.created_at)) >= 3) IS TRUE)
warning retains_events [count(*) >= 3]: every event with `activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
