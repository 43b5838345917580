-- segments joined by OR
user_id IN (SELECT user_id FROM segment_members WHERE segment = 'vip' OR segment = 'loyal' OR segment IN ('new'))
---
EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'vip') OR EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'loyal') OR EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'new')
warning only_users_with_events [user_id IN (SELECT user_id FROM segment_members WHERE segment = 'vip' OR segment = 'loyal' OR segment IN ('new'))]: the clause names no event, and selects only users with at least one event
