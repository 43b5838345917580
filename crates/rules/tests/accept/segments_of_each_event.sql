-- of members any later purchase counts, of others only one from California
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at
  AND e.activity_type = 'product_purchased'
  AND (e.region = 'CA' OR e.user_id IN (SELECT m.user_id FROM segment_members m WHERE m.segment = 'vip')))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at > events.created_at AND activity_type = 'product_purchased' AND (region = 'CA' OR EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = e.user_id AND s.segment = 'vip')))
warning retains_events [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at
  AND e.activity_type = 'product_purchased'
  AND (e.region = 'CA' OR e.user_id IN (SELECT m.user_id FROM segment_members m WHERE m.segment = 'vip')))]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
