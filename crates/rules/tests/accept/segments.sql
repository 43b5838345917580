-- segments in segments
user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal') AND user_id NOT IN (SELECT user_id FROM segment_members WHERE segment IN ('new', 'gone')) AND region = 'CA'
---
EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'loyal') AND NOT (EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'new') OR EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'gone')) AND region = 'CA'
