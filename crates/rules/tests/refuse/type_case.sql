-- branches of several types
CASE WHEN region = 'CA' THEN 1 ELSE 'x' END = 1
---
error type_mismatch [CASE WHEN region = 'CA' THEN 1 ELSE 'x' END]: BIGINT and VARCHAR cannot be compared
  hint: a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none; as a text a number is `'1'`
