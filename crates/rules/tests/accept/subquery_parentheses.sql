-- more parentheses around a subquery
EXISTS ((SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA')) AND user_id NOT IN ((SELECT user_id FROM events WHERE region = 'NY')) AND ((SELECT count(*) FROM events e WHERE e.user_id = events.user_id)) >= 2
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'NY') AND count(*) >= 2
