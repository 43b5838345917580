-- intervals in every form
created_at > now() - INTERVAL 30 DAY AND created_at > now() - INTERVAL '30 days' AND created_at > now() - INTERVAL '30' DAY AND created_at > now() - INTERVAL '1 day 2 hours' AND created_at > now() - INTERVAL '1.5 hours' AND created_at < now() - INTERVAL 2 WEEK + INTERVAL 250 MILLISECOND
---
created_at > now() - INTERVAL 30 DAY AND created_at > now() - INTERVAL 30 DAY AND created_at > now() - INTERVAL 30 DAY AND created_at > now() - INTERVAL 26 HOUR AND created_at > now() - INTERVAL 90 MINUTE AND created_at < now() - INTERVAL 14 DAY + INTERVAL '250000 MICROSECOND'
