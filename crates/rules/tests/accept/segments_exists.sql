-- likewise
EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = events.user_id AND m.segment = 'loyal') AND 'vip' IN (SELECT segment FROM segment_members m WHERE m.user_id = events.user_id) AND count(*) > 5
---
EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'loyal') AND EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'vip') AND count(*) > 5
