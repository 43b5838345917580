-- now() where it decides nothing
country = 'US' AND count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 0
---
country = 'US' AND count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 0
warning never_changes_with_time [country = 'US' AND count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 0]: the clause names `now()`, but time alone never changes who is in the segment
