-- among the one row of an aggregate
order_total IN (SELECT max(e.order_total) FROM events e WHERE e.user_id = events.user_id) AND user_id NOT IN (SELECT max(e.user_id) FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA')
---
order_total = max(order_total) AND NOT user_id = max(user_id) FILTER (WHERE region = 'CA')
warning retains_events [order_total IN (SELECT max(e.order_total) FROM events e WHERE e.user_id = events.user_id)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
