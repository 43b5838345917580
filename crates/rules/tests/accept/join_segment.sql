-- members of a segment beside events
user_id IN (SELECT e.user_id FROM events e JOIN segment_members m ON m.user_id = e.user_id AND m.segment = 'vip' WHERE e.activity_type = 'product_purchased')
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'product_purchased' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = e2.user_id AND s.segment = 'vip') AND event_id = (SELECT min(event_id) FROM events e3 WHERE e3.user_id = e2.user_id) AND 'vip' = 'vip'))
warning retains_events [user_id IN (SELECT e.user_id FROM events e JOIN segment_members m ON m.user_id = e.user_id AND m.segment = 'vip' WHERE e.activity_type = 'product_purchased')]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
