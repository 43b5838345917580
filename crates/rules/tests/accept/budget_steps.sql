-- more steps than usual: triples of events
EXISTS (SELECT 1 FROM events v JOIN events c ON c.user_id = v.user_id AND c.created_at > v.created_at
  JOIN events p ON p.user_id = v.user_id AND p.created_at > c.created_at WHERE v.user_id = events.user_id AND v.created_at > now() - INTERVAL 7 DAY
  AND c.created_at > now() - INTERVAL 7 DAY AND p.created_at > now() - INTERVAL 7 DAY)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND created_at > now() - INTERVAL 7 DAY AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND created_at > now() - INTERVAL 7 DAY AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND created_at > e2.created_at AND created_at > now() - INTERVAL 7 DAY)))
warning above_budget [EXISTS (SELECT 1 FROM events v JOIN events c ON c.user_id = v.user_id AND c.created_at > v.created_at
  JOIN events p ON p.user_id = v.user_id AND p.created_at > c.created_at WHERE v.user_id = events.user_id AND v.created_at > now() - INTERVAL 7 DAY
  AND c.created_at > now() - INTERVAL 7 DAY AND p.created_at > now() - INTERVAL 7 DAY)]: events are compared with each other: with 1000 kept events that can take 4000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
information retains_events [EXISTS (SELECT 1 FROM events v JOIN events c ON c.user_id = v.user_id AND c.created_at > v.created_at
  JOIN events p ON p.user_id = v.user_id AND p.created_at > c.created_at WHERE v.user_id = events.user_id AND v.created_at > now() - INTERVAL 7 DAY
  AND c.created_at > now() - INTERVAL 7 DAY AND p.created_at > now() - INTERVAL 7 DAY)]: every event is kept per user for 604799 seconds, to compare events with each other
