-- next to another condition on the row a negation is meant
activity_type = 'product_purchased' AND region <> 'CA'
---
activity_type = 'product_purchased' AND region <> 'CA'
