-- aggregates over a JOIN that there are not
user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING count(DISTINCT v.region || p.region) > 2) OR user_id IN (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id GROUP BY v.user_id HAVING sum(DISTINCT p.order_total - v.order_total) > 1) OR user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.country GROUP BY v.user_id HAVING count(DISTINCT coalesce(p.region, 'none')) > 1) OR user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.country GROUP BY v.user_id, p.payload['k'] HAVING count(*) > 1) OR user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.country GROUP BY v.user_id HAVING arg_max(v.region, p.created_at) = 'CA') OR (SELECT window_funnel(60)(v.created_at, v.region = 'CA') FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id) > 1
---
error unsupported [user_id IN (SELECT v.user_id FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.country GROUP BY v.user_id, p.payload['k'] HAVING count(*) > 1)]: computing with the payload of the optional side of a LEFT JOIN is not supported yet
  hint: compare it as it is, or ask by `[NOT] EXISTS (SELECT 1 FROM events p WHERE p.user_id = v.user_id AND …)`
error unsupported [arg_max(v.region, p.created_at)]: an order by the optional side of a LEFT JOIN is not supported yet
  hint: order by the `created_at` of the other table
error unsupported [window_funnel(60)(v.created_at, v.region = 'CA')]: a funnel over a JOIN is not supported yet
  hint: count the steps of one table, with the other by EXISTS in its WHERE
