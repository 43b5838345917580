-- counts are never negative
count(*) FILTER (WHERE region = 'CA' AND created_at > now() - INTERVAL 1 DAY) >= 0
---
count(*) FILTER (WHERE region = 'CA' AND created_at > now() - INTERVAL 1 DAY) >= 0
warning always_true [count(*) FILTER (WHERE region = 'CA' AND created_at > now() - INTERVAL 1 DAY) >= 0]: every user that has an event is in this segment: the clause is always TRUE
warning never_changes_with_time [count(*) FILTER (WHERE region = 'CA' AND created_at > now() - INTERVAL 1 DAY) >= 0]: the clause names `now()`, but time alone never changes who is in the segment
