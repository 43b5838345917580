-- HAVING without GROUP BY
user_id IN (SELECT user_id FROM events HAVING count(*) > 3)
---
error misplaced_aggregate [count(*) > 3]: HAVING needs GROUP BY user_id here
