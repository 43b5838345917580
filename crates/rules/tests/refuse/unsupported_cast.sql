-- casts that there are not
CAST(url AS DECIMAL) = 1 OR url::FLOAT = 1 OR url::VARCHAR(3) = 'x' OR url::BIGINT UNSIGNED = 1 OR url::JSON = '1'
---
error unsupported [CAST(url AS DECIMAL)]: a DECIMAL without its digits is not supported yet
  hint: say how many: `DECIMAL(18, 4)`
error unsupported [url::FLOAT]: a cast to FLOAT is not supported yet
  hint: `CAST(x AS DOUBLE)`
error unsupported [url::VARCHAR(3)]: a cast to VARCHAR(3) is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
error unsupported [url::BIGINT]: a cast to BIGINT UNSIGNED is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
error unsupported [url::JSON]: a cast to JSON is not supported yet
  hint: known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE
