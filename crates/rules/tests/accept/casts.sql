-- casts: TRY_CAST, CAST and :: are one, and what is cast to what it is stays
CAST(order_total AS BIGINT) = 1 OR TRY_CAST(url AS INT) = 1 OR order_id::DECIMAL(10, 2) > 2.5 OR region::VARCHAR = 'CA' OR order_total::VARCHAR = '1.0000' OR url::BOOLEAN OR url::DOUBLE > 1e3 OR url::TIMESTAMP > created_at OR CAST(url AS DATE) = '2026-01-31'
---
CAST(order_total AS BIGINT) = 1 OR CAST(url AS INT) = 1 OR CAST(order_id AS DECIMAL(10, 2)) > 2.5 OR region = 'CA' OR CAST(order_total AS VARCHAR) = '1.0000' OR CAST(url AS BOOLEAN) OR CAST(url AS DOUBLE) > 1000 OR CAST(url AS TIMESTAMP) > created_at OR CAST(url AS DATE) = DATE '2026-01-31'
