-- another group
user_id IN (SELECT user_id FROM events GROUP BY region, user_id)
---
error unsupported [region]: GROUP BY anything but `user_id` is not supported yet
