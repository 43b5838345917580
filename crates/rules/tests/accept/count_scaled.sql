-- a count that is multiplied or divided is kept as far as the threshold needs
count(*) FILTER (WHERE created_at > now() - INTERVAL 30 DAY) * 2 > 5 AND 3 * count(*) FILTER (WHERE created_at > now() - INTERVAL 7 DAY) <= 9 AND count(*) FILTER (WHERE region = 'CA') / 2 >= 1.5
---
count(*) FILTER (WHERE created_at > now() - INTERVAL 30 DAY) * 2 > 5 AND 3 * count(*) FILTER (WHERE created_at > now() - INTERVAL 7 DAY) <= 9 AND count(*) FILTER (WHERE region = 'CA') / 2 >= 1.5
