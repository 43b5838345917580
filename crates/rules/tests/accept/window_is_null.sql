-- a test of a comparison with now()
(max(created_at) >= now() - INTERVAL 30 SECOND) IS NULL OR (received_at >= now() - INTERVAL 30 SECOND) IS NOT NULL
---
(max(created_at) >= now() - INTERVAL 30 SECOND) IS NULL OR (received_at >= now() - INTERVAL 30 SECOND) IS NOT NULL
warning always_true [(max(created_at) >= now() - INTERVAL 30 SECOND) IS NULL OR (received_at >= now() - INTERVAL 30 SECOND) IS NOT NULL]: every user that has an event is in this segment: the clause is always TRUE
warning never_changes_with_time [(max(created_at) >= now() - INTERVAL 30 SECOND) IS NULL OR (received_at >= now() - INTERVAL 30 SECOND) IS NOT NULL]: the clause names `now()`, but time alone never changes who is in the segment
warning retains_events [(received_at >= now() - INTERVAL 30 SECOND) IS NOT NULL]: every event is kept per user for ever, to compare events with each other
  hint: bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter
