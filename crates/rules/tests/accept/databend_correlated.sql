-- Databend loses rows of correlated aggregates, and takes a time plus an interval for an interval
region IS NULL AND min(order_total) <= max(order_total) AND max(created_at) + INTERVAL 7 DAY > now()
---
region IS NULL AND min(order_total) <= max(order_total) AND max(created_at) + INTERVAL 7 DAY > now()
