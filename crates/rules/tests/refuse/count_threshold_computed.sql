-- a count beyond what is kept, however that is written
count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 2 * 6000 OR count(*) FILTER (WHERE created_at > now() - INTERVAL 2 DAY) - 10000 > 1
---
error limits [2 * 6000]: a count can be compared with at most 10000
error limits [count(*) FILTER (WHERE created_at > now() - INTERVAL 2 DAY) - 10000]: a count can be compared with at most 10000
