-- users and segments in other forms
user_id IN (SELECT user_id FROM segment_members GROUP BY user_id HAVING count(*) >= 2) OR (SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id) >= 2 OR EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id AND m.segment LIKE 'v%') OR (SELECT max(u.created_at) FROM users u WHERE u.user_id = events.user_id) > now() OR (SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment = 'vip' AND m.user_id > 5) = 1
---
error unsupported [user_id IN (SELECT user_id FROM segment_members GROUP BY user_id HAVING count(*) >= 2)]: GROUP BY or HAVING over `users` or `segment_members` is not supported yet
  hint: count the segments: `(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment IN ('loyal', 'new')) >= 2`
error unsupported [(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id)]: say which segments: `segment = 'loyal'` or `segment IN ('loyal', 'new')`
error unsupported [EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id AND m.segment LIKE 'v%')]: say which segments: `segment = 'loyal'` or `segment IN ('loyal', 'new')`
error unsupported [max(u.created_at)]: an aggregate over `users` or `segment_members` is not supported yet
  hint: of each user there is one row: take its value, `(SELECT traits['k'] FROM users u WHERE u.user_id = events.user_id)`
error unsupported [(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment = 'vip' AND m.user_id > 5)]: a count of segments with another condition is not supported yet
