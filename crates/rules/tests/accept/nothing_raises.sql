-- what would raise is NULL: division and remainder by zero, casts, overflow
order_total / (order_total - order_total) IS NULL AND order_total % (order_total - order_total) IS NULL
  AND CAST(region AS BIGINT) IS NULL AND region::TIMESTAMP IS NULL AND payload['k']::BOOLEAN IS NULL
  AND (length(url) + 9223372036854775807) IS NULL
---
order_total / (order_total - order_total) IS NULL AND order_total % (order_total - order_total) IS NULL AND CAST(region AS BIGINT) IS NULL AND CAST(region AS TIMESTAMP) IS NULL AND CAST(payload['k'] AS BOOLEAN) IS NULL AND length(url) + 9223372036854775807 IS NULL
