-- branches of several types
CASE WHEN region = 'CA' THEN 1 ELSE 'x' END = 1
---
error type_mismatch [CASE WHEN region = 'CA' THEN 1 ELSE 'x' END]: BIGINT and VARCHAR cannot be compared
