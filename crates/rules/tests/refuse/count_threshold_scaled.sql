-- a count beyond what is kept, though it is divided or multiplied first
count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) / 2 > 10000 OR 2 * count(*) FILTER (WHERE created_at > now() - INTERVAL 2 DAY) >= 50000
---
error limits [count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) / 2]: a count can be compared with at most 10000
error limits [2 * count(*) FILTER (WHERE created_at > now() - INTERVAL 2 DAY)]: a count can be compared with at most 10000
