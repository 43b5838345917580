-- a derived table
user_id IN (SELECT t.user_id FROM (SELECT user_id, lower(region) AS place FROM events WHERE order_total > 5) t WHERE t.place = 'ca')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND order_total > 5 AND lower(region) = 'ca')
