-- CASE with and without an operand
CASE WHEN order_total > 100 THEN 'big' WHEN order_total IS NULL THEN NULL ELSE 'small' END = 'big' AND CASE device_type WHEN 'mobile' THEN 1 WHEN 'tablet' THEN 2 END >= 1
---
CASE WHEN order_total > 100 THEN 'big' WHEN order_total IS NULL THEN NULL ELSE 'small' END = 'big' AND CASE WHEN device_type = 'mobile' THEN 1 WHEN device_type = 'tablet' THEN 2 END >= 1
