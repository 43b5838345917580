-- NULL is neither equal nor unequal; a count of nothing is 0 beside the user's other events, and no group at all
(region <> 'CA' OR region NOT IN ('NY', NULL)) IS NOT TRUE
  AND (SELECT sum(e.order_total) FROM events e WHERE e.user_id = events.user_id AND e.region = 'MX') IS NULL
  AND (SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') < 3
  AND user_id NOT IN (SELECT user_id FROM events WHERE region = 'CA' GROUP BY user_id HAVING count(*) < 3)
---
(region <> 'CA' OR region NOT IN ('NY', NULL)) IS NOT TRUE AND sum(order_total) FILTER (WHERE region = 'MX') IS NULL AND count(*) FILTER (WHERE region = 'CA') < 3 AND NOT (EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA') AND (count(*) FILTER (WHERE region = 'CA') < 3) IS TRUE)
