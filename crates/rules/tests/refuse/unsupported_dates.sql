-- date functions
date_trunc('day', created_at) = '2026-01-01' OR extract(hour FROM created_at) > 9 OR to_date(created_at) = today()
---
error unsupported [date_trunc('day', created_at)]: `date_trunc` is not supported yet
error unsupported [extract(hour FROM created_at)]: EXTRACT is not supported yet
error unsupported [to_date(created_at)]: `to_date` is not supported yet
error unsupported [today()]: `today` is not supported yet
