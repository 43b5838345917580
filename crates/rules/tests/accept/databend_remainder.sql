-- Databend raises for the least integer % -1, by any divisor that could be it
user_id % -1 = 0 AND 7 % (2 - user_id) = 0
---
user_id % (-1) = 0 AND 7 % (2 - user_id) = 0
