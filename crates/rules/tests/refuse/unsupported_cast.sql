-- casts
CAST(order_total AS BIGINT) = 1 OR TRY_CAST(url AS BIGINT) = 1 OR order_id::BIGINT = 2
---
error unsupported [CAST(order_total AS BIGINT)]: CAST is not supported yet
error unsupported [TRY_CAST(url AS BIGINT)]: CAST is not supported yet
error unsupported [order_id::BIGINT]: CAST is not supported yet
