-- the way on some day, of what was bought lately
user_id IN (SELECT user_id FROM events WHERE created_at >= now() - INTERVAL 7 DAY GROUP BY user_id, to_date(created_at) HAVING window_funnel(600)(created_at, activity_type = 'page_viewed', region = 'CA') = 2)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at >= now() - INTERVAL 7 DAY AND ((SELECT window_funnel(600)(created_at, activity_type = 'page_viewed', region = 'CA') FROM events e2 WHERE e2.user_id = e.user_id AND created_at >= now() - INTERVAL 7 DAY AND CAST(created_at AS DATE) IS NOT DISTINCT FROM CAST(e.created_at AS DATE)) = 2) IS TRUE)
information retains_events [window_funnel(600)(created_at, activity_type = 'page_viewed', region = 'CA') = 2]: every event is kept per user for 7 days, to compare events with each other
