-- an event above the average of its own region
EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND a.order_total >
  (SELECT avg(b.order_total) FROM events b WHERE b.user_id = a.user_id AND b.region = a.region))
---
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND order_total > (SELECT avg(order_total) FROM events e2 WHERE e2.user_id = e.user_id AND region = e.region))
warning retains_events [a.order_total >
  (SELECT avg(b.order_total) FROM events b WHERE b.user_id = a.user_id AND b.region = a.region)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
