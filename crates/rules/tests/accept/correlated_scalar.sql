-- an event that is worth more than all before it together
order_total > (SELECT sum(e.order_total) FROM events e WHERE e.user_id = events.user_id AND e.created_at < events.created_at)
---
order_total > (SELECT sum(order_total) FROM events e WHERE e.user_id = events.user_id AND created_at < events.created_at)
warning retains_events [order_total > (SELECT sum(e.order_total) FROM events e WHERE e.user_id = events.user_id AND e.created_at < events.created_at)]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
