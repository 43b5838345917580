-- casts to types of other systems
CAST(order_total AS FLOAT) > 9 OR order_total::INT8 = 1 OR CAST(1 AS UNSIGNED) = 1 OR order_total::UINT64 = 1 OR CAST(order_total AS DECIMAL) = 10 OR CAST(payload['k'] AS VARIANT) IS NULL
---
error unsupported [CAST(order_total AS FLOAT)]: a cast to FLOAT is not supported yet
  hint: `CAST(x AS DOUBLE)`
error unsupported [order_total::INT8]: a cast to INT8 is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
error unsupported [CAST(1 AS UNSIGNED)]: a cast to UNSIGNED is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
error unsupported [order_total::UINT64]: a cast to UInt64 is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
error unsupported [CAST(order_total AS DECIMAL)]: a DECIMAL without its digits is not supported yet
  hint: say how many: `DECIMAL(18, 4)`
error unsupported [CAST(payload['k'] AS VARIANT)]: a cast to VARIANT is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
