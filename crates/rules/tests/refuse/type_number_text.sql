-- a text against a number
region = 5
---
error type_mismatch [region = 5]: VARCHAR and BIGINT cannot be compared
  hint: a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none; as a text a number is `'5'`
