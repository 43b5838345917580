-- operators of other kinds
order_total & 1 = 1 OR url ~ 'x' OR created_at AT TIME ZONE 'UTC' > now()
---
error unsupported [order_total & 1]: the operator `&` is not supported yet
error unsupported [url ~ 'x']: the operator `~` is not supported yet
error unsupported [created_at AT TIME ZONE 'UTC']: AT TIME ZONE is not supported yet
