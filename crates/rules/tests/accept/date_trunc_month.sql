-- what no window expresses: units of several lengths, edges of several units
date_trunc('month', created_at) = date_trunc('month', now()) AND date_trunc('week', created_at) = today() AND created_at >= date_trunc('day', now()) AND created_at >= now() - INTERVAL 1 HOUR
---
date_trunc('month', created_at) = date_trunc('month', now()) AND date_trunc('week', created_at) = CAST(now() AS DATE) AND created_at >= date_trunc('day', now()) AND created_at >= now() - INTERVAL 1 HOUR
information retains_events [date_trunc('month', created_at) = date_trunc('month', now()) AND date_trunc('week', created_at) = today() AND created_at >= date_trunc('day', now()) AND created_at >= now() - INTERVAL 1 HOUR]: every event is kept per user for 1 hours, to compare events with each other
