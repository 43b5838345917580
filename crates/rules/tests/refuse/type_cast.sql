-- casts that cannot be
CAST(user_id AS TIMESTAMP) = created_at OR CAST(created_at AS BOOLEAN) OR CAST(INTERVAL 1 DAY AS BIGINT) = 1 OR url::DECIMAL(39, 2) = 1
---
error type_mismatch [CAST(user_id AS TIMESTAMP)]: BIGINT cannot be cast to TIMESTAMP
error type_mismatch [CAST(created_at AS BOOLEAN)]: TIMESTAMP cannot be cast to BOOLEAN
error type_mismatch [CAST(INTERVAL 1 DAY AS BIGINT)]: INTERVAL cannot be cast to BIGINT
error invalid_literal [url::DECIMAL(39, 2)]: there is no such DECIMAL
  hint: DECIMAL(18, 4) has 18 digits, 4 of them behind the point; 38 is the most
