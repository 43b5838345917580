-- every aggregate over pairs, with FILTER and _if
EXISTS (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.payload['product_id'] = v.payload['product_id']
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.created_at > v.created_at GROUP BY v.user_id
  HAVING count(*) FILTER (WHERE p.activity_type = 'product_purchased') >= 2 AND sum_if(p.order_total, v.region = 'CA') > 5
    AND max(p.created_at) > now() - INTERVAL 7 DAY AND count(p.region) > 1 AND min(v.created_at) < now())
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND payload['product_id'] = (e.payload)['product_id'] AND created_at > e.created_at)) AND (coalesce((SELECT sum((SELECT count(*) FROM events e2 WHERE e2.user_id = e.user_id AND payload['product_id'] = (e.payload)['product_id'] AND created_at > e.created_at AND activity_type = 'product_purchased')) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed'), 0) >= 2 AND (SELECT sum((SELECT sum(order_total) FROM events e2 WHERE e2.user_id = e.user_id AND payload['product_id'] = (e.payload)['product_id'] AND created_at > e.created_at)) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND region = 'CA') > 5 AND (SELECT max((SELECT max(created_at) FROM events e2 WHERE e2.user_id = e.user_id AND payload['product_id'] = (e.payload)['product_id'] AND created_at > e.created_at)) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed') > now() - INTERVAL 7 DAY AND coalesce((SELECT sum((SELECT count(region) FROM events e2 WHERE e2.user_id = e.user_id AND payload['product_id'] = (e.payload)['product_id'] AND created_at > e.created_at)) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed'), 0) > 1 AND (SELECT min((SELECT min(e.created_at) FROM events e2 WHERE e2.user_id = e.user_id AND payload['product_id'] = (e.payload)['product_id'] AND created_at > e.created_at)) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed') < now()) IS TRUE
warning retains_events [EXISTS (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id AND p.payload['product_id'] = v.payload['product_id']
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.created_at > v.created_at GROUP BY v.user_id
  HAVING count(*) FILTER (WHERE p.activity_type = 'product_purchased') >= 2 AND sum_if(p.order_total, v.region = 'CA') > 5
    AND max(p.created_at) > now() - INTERVAL 7 DAY AND count(p.region) > 1 AND min(v.created_at) < now())]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [v.activity_type = 'page_viewed' AND p.created_at > v.created_at GROUP BY v.user_id
  HAVING count(*) FILTER (WHERE p.activity_type = 'product_purchased')]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [v.activity_type = 'page_viewed' AND p.created_at > v.created_at GROUP BY v.user_id
  HAVING count(*) FILTER (WHERE p.activity_type = 'product_purchased') >= 2 AND sum_if(p.order_total, v.region = 'CA') > 5
    AND max(p.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [v.activity_type = 'page_viewed' AND p.created_at > v.created_at GROUP BY v.user_id
  HAVING count(*) FILTER (WHERE p.activity_type = 'product_purchased') >= 2 AND sum_if(p.order_total, v.region = 'CA') > 5
    AND max(p.created_at) > now() - INTERVAL 7 DAY AND count(p.region)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [v.activity_type = 'page_viewed' AND p.created_at > v.created_at GROUP BY v.user_id
  HAVING count(*) FILTER (WHERE p.activity_type = 'product_purchased') >= 2 AND sum_if(p.order_total, v.region = 'CA') > 5
    AND max(p.created_at) > now() - INTERVAL 7 DAY AND count(p.region) > 1 AND min(v.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [sum_if(p.order_total, v.region = 'CA')]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
