-- viewed a product, then bought it within a day
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id
  WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased'
  AND p.payload['product_id'] = v.payload['product_id']
  AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 DAY)
---
error unsupported [p.payload['product_id']]: reading the payload is not supported yet
error unsupported [v.payload['product_id']]: reading the payload is not supported yet
