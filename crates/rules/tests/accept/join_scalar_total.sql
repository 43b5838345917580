-- sums and averages of pairs: integers, decimals and the payload
(SELECT sum(p.order_total) FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed') > 500
  AND (SELECT avg(v.payload['n']::BIGINT) FROM events v JOIN events p ON p.user_id = v.user_id AND p.region = v.region WHERE v.user_id = events.user_id) > 2
  AND (SELECT sum(length(v.region)) FROM events v, events p WHERE p.user_id = v.user_id AND v.user_id = events.user_id AND p.url = v.url) > 10
---
(SELECT sum((SELECT sum(order_total) FROM events e2 WHERE e2.user_id = e.user_id AND created_at > e.created_at)) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed') > 500 AND CAST((SELECT sum((SELECT sum(CAST(CAST((e.payload)['n'] AS BIGINT) AS DECIMAL(38, 0))) FROM events e2 WHERE e2.user_id = e.user_id AND region = e.region)) FROM events e WHERE e.user_id = events.user_id) AS BIGINT) / coalesce((SELECT sum((SELECT count(CAST((e.payload)['n'] AS BIGINT)) FROM events e2 WHERE e2.user_id = e.user_id AND region = e.region)) FROM events e WHERE e.user_id = events.user_id), 0) > 2 AND CAST((SELECT sum((SELECT sum(CAST(length(e.region) AS DECIMAL(38, 0))) FROM events e2 WHERE e2.user_id = e.user_id AND url = e.url)) FROM events e WHERE e.user_id = events.user_id) AS BIGINT) > 10
warning retains_events [sum(p.order_total) FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed']: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [avg(v.payload['n']::BIGINT)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [sum(length(v.region))]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
