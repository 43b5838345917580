-- one aggregate over several windows
count(*) FILTER (WHERE (region = 'CA' AND created_at >= now() - INTERVAL 7 DAY) OR created_at >= now() - INTERVAL 1 DAY) >= 3
---
count(*) FILTER (WHERE (region = 'CA' AND created_at >= now() - INTERVAL 7 DAY) OR created_at >= now() - INTERVAL 1 DAY) >= 3
information retains_events [(region = 'CA' AND created_at >= now() - INTERVAL 7 DAY) OR created_at >= now() - INTERVAL 1 DAY]: every event is kept per user for 7 days, to compare events with each other
