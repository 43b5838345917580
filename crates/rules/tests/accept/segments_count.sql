-- in how many of some segments
(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment IN ('vip', 'loyal', 'new', 'vip')) >= 2
---
CASE WHEN EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'loyal') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'new') THEN 1 ELSE 0 END + CASE WHEN EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'vip') THEN 1 ELSE 0 END >= 2
warning only_users_with_events [(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment IN ('vip', 'loyal', 'new', 'vip')) >= 2]: the clause names no event, and selects only users with at least one event
