-- a table of a table
user_id IN (SELECT user_id FROM (SELECT * FROM (SELECT user_id, order_total + 1 AS more FROM events) a WHERE more > 3) b WHERE more < 9)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND order_total + 1 > 3 AND order_total + 1 < 9)
