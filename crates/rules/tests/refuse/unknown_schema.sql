-- a table of another database
user_id IN (SELECT user_id FROM other.events)
---
error unknown_table [user_id IN (SELECT user_id FROM other.events)]: tables have no database or schema here
