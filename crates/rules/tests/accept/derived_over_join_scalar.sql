-- one number over pairs
(SELECT count(*) FROM (SELECT v.user_id AS u, p.created_at AS later FROM events v, events p WHERE p.user_id = v.user_id AND p.created_at > v.created_at) t WHERE t.u = events.user_id AND t.later >= now() - INTERVAL 30 DAY) >= 3
---
coalesce((SELECT sum((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at AND created_at >= now() - INTERVAL 30 DAY)) FROM events e WHERE e.user_id = events.user_id), 0) >= 3
warning retains_events [(SELECT count(*) FROM (SELECT v.user_id AS u, p.created_at AS later FROM events v, events p WHERE p.user_id = v.user_id AND p.created_at > v.created_at) t WHERE t.u = events.user_id AND t.later >= now() - INTERVAL 30 DAY)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
