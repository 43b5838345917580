-- the greatest of the weekly totals
(SELECT max(t.total) FROM (SELECT e.user_id, sum(e.order_total) AS total FROM events e GROUP BY e.user_id, to_date(e.created_at)) t WHERE t.user_id = events.user_id) > 100
---
(SELECT max((SELECT sum(order_total) FROM events e2 WHERE e2.user_id = e.user_id AND CAST(created_at AS DATE) IS NOT DISTINCT FROM CAST(e.created_at AS DATE))) FROM events e WHERE e.user_id = events.user_id AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND CAST(created_at AS DATE) IS NOT DISTINCT FROM CAST(e.created_at AS DATE) AND event_id < e.event_id)) > 100
warning retains_events [(SELECT max(t.total) FROM (SELECT e.user_id, sum(e.order_total) AS total FROM events e GROUP BY e.user_id, to_date(e.created_at)) t WHERE t.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
