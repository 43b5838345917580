-- a computed value of a row that may be missing
EXISTS (SELECT 1 FROM events c LEFT JOIN events p ON p.user_id = c.user_id AND p.created_at > c.created_at
  WHERE c.user_id = events.user_id AND coalesce(p.order_total, 0) < c.order_total)
---
error unsupported [coalesce(p.order_total, 0) < c.order_total]: computing with the optional side of a LEFT JOIN is not supported yet
