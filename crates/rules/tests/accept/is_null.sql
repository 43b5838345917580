-- tests for NULL
order_id IS NOT NULL AND url IS NULL AND activity_type = 'product_purchased'
---
order_id IS NOT NULL AND url IS NULL AND activity_type = 'product_purchased'
