-- now() in other places
created_at >= date_trunc('week', now() - INTERVAL 7 DAY) OR extract(hour FROM now()) >= 9 OR coalesce(created_at, now()) > now() - INTERVAL 1 MINUTE
