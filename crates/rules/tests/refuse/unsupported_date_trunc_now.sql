-- what the calendar of now() cannot be compared with
date_trunc('month', created_at) = date_trunc('month', now()) OR date_trunc('week', created_at) = today() OR now() > date_trunc('day', now()) + INTERVAL 9 HOUR OR extract(hour FROM now()) = 9 OR date_trunc('day', created_at) = now() OR (created_at >= date_trunc('day', now()) AND created_at >= now() - INTERVAL 1 HOUR)
---
error unsupported [date_trunc('month', created_at) = date_trunc('month', now())]: a time of a row that is cut down can be compared with `now()` only where that is cut down to the same unit, or to one made of whole ones; this is not supported yet
  hint: compare `created_at` itself: `created_at >= date_trunc('month', now())`
error unsupported [date_trunc('month', created_at) = date_trunc('month', now()) OR date_trunc('week', created_at) = today() OR now() > date_trunc('day', now()) + INTERVAL 9 HOUR OR extract(hour FROM now()) = 9 OR date_trunc('day', created_at) = now() OR (created_at >= date_trunc('day', now()) AND created_at >= now() - INTERVAL 1 HOUR)]: one edge of a window cannot be made of `now()` cut down to different units; this is not supported yet
  hint: keep the nearer of the two edges
error unsupported [date_trunc('week', created_at) = today()]: a time of a row that is cut down can be compared with `now()` only where that is cut down to the same unit, or to one made of whole ones; this is not supported yet
  hint: compare `created_at` itself: `created_at >= date_trunc('month', now())`
error unsupported [now() > date_trunc('day', now()) + INTERVAL 9 HOUR]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
error unsupported [extract(hour FROM now()) = 9]: `now()` can only stand in a comparison of a time with `now()` plus or minus an interval
  hint: write it like `created_at >= now() - INTERVAL 30 DAY`
error unsupported [date_trunc('day', created_at) = now()]: a time of a row that is cut down can be compared with `now()` only where that is cut down to the same unit, or to one made of whole ones; this is not supported yet
  hint: compare `created_at` itself: `created_at >= date_trunc('month', now())`
