-- Of the rows of the only table that the values are of.
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  WHERE v.activity_type = 'page_viewed' GROUP BY v.user_id, to_date(v.created_at) HAVING sum(DISTINCT p.order_total) > 50)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at) AND ((SELECT sum(order_total) FROM events e2 WHERE e2.user_id = e.user_id AND EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND CAST(created_at AS DATE) IS NOT DISTINCT FROM CAST(e.created_at AS DATE) AND e2.created_at > created_at AND activity_type = 'page_viewed') AND NOT EXISTS (SELECT 1 FROM events e3 WHERE e3.user_id = e2.user_id AND EXISTS (SELECT 1 FROM events e4 WHERE e4.user_id = e3.user_id AND CAST(created_at AS DATE) IS NOT DISTINCT FROM CAST(e.created_at AS DATE) AND e3.created_at > created_at AND activity_type = 'page_viewed') AND order_total IS NOT DISTINCT FROM e2.order_total AND event_id < e2.event_id)) > 50) IS TRUE)
warning retains_events [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  WHERE v.activity_type = 'page_viewed' GROUP BY v.user_id, to_date(v.created_at) HAVING sum(DISTINCT p.order_total) > 50)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning above_budget [user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at
  WHERE v.activity_type = 'page_viewed' GROUP BY v.user_id, to_date(v.created_at) HAVING sum(DISTINCT p.order_total) > 50)]: events are compared with each other: with 1000 kept events that can take 80000000 steps for each event that comes, more than the 1000000 that are usual at most
  hint: join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that few events are kept
