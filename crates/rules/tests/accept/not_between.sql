-- NOT BETWEEN keeps both sides together
order_total NOT BETWEEN 10 AND 20 AND activity_type = 'product_purchased'
---
NOT (order_total >= 10 AND order_total <= 20) AND activity_type = 'product_purchased'
