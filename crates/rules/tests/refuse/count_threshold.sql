-- a count beyond what is kept
count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 10001
---
error limits [10001]: a count can be compared with at most 10000
