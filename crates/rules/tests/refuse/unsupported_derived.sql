-- a derived table
user_id IN (SELECT user_id FROM (SELECT user_id FROM events) t)
---
error unsupported [user_id IN (SELECT user_id FROM (SELECT user_id FROM events) t)]: a derived table is not supported yet
