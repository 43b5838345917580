-- what cannot be asked of users and their segments
(SELECT count(*) FROM users u WHERE u.user_id = events.user_id) > 0 OR EXISTS (SELECT 1 FROM users u WHERE u.traits['plan'] = 'pro') OR EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id) OR user_id IN (SELECT user_id FROM segment_members WHERE segment LIKE 'a%' AND segment = 'b') OR user_id IN (SELECT user_id FROM users WHERE traits['a'] = 1 GROUP BY user_id) OR user_id IN (SELECT user_id FROM users WHERE tariff = 1)
---
error cross_user_subquery [SELECT 1 FROM users u WHERE u.traits['plan'] = 'pro']: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `u.user_id = events.user_id` to its WHERE
error unsupported [EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id)]: say which segments: `segment = 'loyal'` or `segment IN ('loyal', 'new')`
error unsupported [segment LIKE 'a%']: any condition on `segment` but one `segment = '…'` or `segment IN ('…')` is not supported yet
  hint: name the segments: `segment IN ('loyal', 'new')`
error unsupported [user_id IN (SELECT user_id FROM users WHERE traits['a'] = 1 GROUP BY user_id)]: GROUP BY or HAVING over `users` or `segment_members` is not supported yet
  hint: count the segments: `(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment IN ('loyal', 'new')) >= 2`
error unknown_column [tariff]: neither `users` nor `events` has a column `tariff`
  hint: `users` has user_id, created_at, traits
