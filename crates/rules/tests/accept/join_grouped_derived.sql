-- a derived table of groups of pairs
EXISTS (SELECT 1 FROM (SELECT v.user_id, v.url AS page, count(*) AS n, max(p.order_total) AS most FROM events v
  JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at GROUP BY v.user_id, page) t
  WHERE t.user_id = events.user_id AND t.n > 2 AND t.most > 10 AND t.page <> events.url)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at) AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND created_at > e2.created_at) AND url IS NOT DISTINCT FROM e.url AND event_id < e.event_id) AND coalesce((SELECT sum((SELECT count(*) FROM events e3 WHERE e3.user_id = e2.user_id AND created_at > e2.created_at)) FROM events e2 WHERE e2.user_id = e.user_id AND url IS NOT DISTINCT FROM e.url), 0) > 2 AND (SELECT max((SELECT max(order_total) FROM events e3 WHERE e3.user_id = e2.user_id AND created_at > e2.created_at)) FROM events e2 WHERE e2.user_id = e.user_id AND url IS NOT DISTINCT FROM e.url) > 10 AND url <> events.url)
warning retains_events [EXISTS (SELECT 1 FROM (SELECT v.user_id, v.url AS page, count(*) AS n, max(p.order_total) AS most FROM events v
  JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at GROUP BY v.user_id, page) t
  WHERE t.user_id = events.user_id AND t.n > 2 AND t.most > 10 AND t.page <> events.url)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
