-- NOT IN with HAVING: also those without such an event
user_id NOT IN (SELECT user_id FROM events WHERE activity_type = 'page_viewed' GROUP BY user_id HAVING count(*) < 3 OR max(created_at) FILTER (WHERE region = 'CA') < now() - INTERVAL 7 DAY)
---
NOT (EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed') AND (count(*) FILTER (WHERE activity_type = 'page_viewed') < 3 OR max(created_at) FILTER (WHERE activity_type = 'page_viewed' AND region = 'CA') < now() - INTERVAL 7 DAY) IS TRUE)
