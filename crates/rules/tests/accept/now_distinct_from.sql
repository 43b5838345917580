-- distinct from now()
created_at IS NOT DISTINCT FROM now() OR max(created_at) FILTER (WHERE region = 'CA') IS DISTINCT FROM now() - INTERVAL 10 SECOND
---
created_at = now() OR (max(created_at) FILTER (WHERE region = 'CA') = now() - INTERVAL 10 SECOND) IS NOT TRUE
