-- a bare NOT IN neither, and LIKE; with an aggregate beside it
activity_type NOT IN ('product_purchased', 'added_to_cart') AND url NOT LIKE '%cart%' AND count(*) > 3
---
activity_type NOT IN ('product_purchased', 'added_to_cart') AND url NOT LIKE '%cart%' AND count(*) > 3
warning negation_is_not_never [activity_type NOT IN ('product_purchased', 'added_to_cart')]: this selects users with at least one event of another activity_type, whatever their other events are
  hint: to say *never*, use NOT EXISTS
  replacement: NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND activity_type IN ('product_purchased', 'added_to_cart'))
warning negation_is_not_never [url NOT LIKE '%cart%']: this selects users with at least one event of another url, whatever their other events are
  hint: to say *never*, use NOT EXISTS
  replacement: NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND url LIKE '%cart%')
