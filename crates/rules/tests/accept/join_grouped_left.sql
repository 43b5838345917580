-- pairs and events without one: products that were viewed and not bought
user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.activity_type = 'product_purchased'
  AND p.payload->>'product_id' = v.payload->>'product_id' WHERE v.activity_type = 'page_viewed' AND p.event_id IS NULL
  GROUP BY v.user_id HAVING count(DISTINCT v.payload->>'product_id') >= 3 AND count(*) > 4)
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND CAST(payload['product_id'] AS VARCHAR) = CAST((e.payload)['product_id'] AS VARCHAR))) AND ((SELECT count(DISTINCT CAST(payload['product_id'] AS VARCHAR)) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed' AND NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND CAST(payload['product_id'] AS VARCHAR) = CAST((e.payload)['product_id'] AS VARCHAR))) >= 3 AND coalesce((SELECT sum(CASE WHEN NOT EXISTS (SELECT 1 FROM events e2 WHERE e2.user_id = e.user_id AND activity_type = 'product_purchased' AND CAST(payload['product_id'] AS VARCHAR) = CAST((e.payload)['product_id'] AS VARCHAR)) THEN 1 END) FROM events e WHERE e.user_id = events.user_id AND activity_type = 'page_viewed'), 0) > 4) IS TRUE
warning retains_events [user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.activity_type = 'product_purchased'
  AND p.payload->>'product_id' = v.payload->>'product_id' WHERE v.activity_type = 'page_viewed' AND p.event_id IS NULL
  GROUP BY v.user_id HAVING count(DISTINCT v.payload->>'product_id') >= 3 AND count(*) > 4)]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [v.activity_type = 'page_viewed' AND p.event_id IS NULL
  GROUP BY v.user_id HAVING count(DISTINCT v.payload->>'product_id') >= 3 AND count(*)]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
warning retains_events [count(DISTINCT v.payload->>'product_id')]: every event with `activity_type = 'page_viewed' OR activity_type = 'product_purchased'` is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
