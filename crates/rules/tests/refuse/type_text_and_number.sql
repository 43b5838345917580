-- a text beside a number
region > 5 AND user_id = '3' AND order_total = 'x'
---
error type_mismatch [region > 5]: VARCHAR and BIGINT cannot be compared
  hint: a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none; as a text a number is `'5'`
error type_mismatch [user_id = '3']: BIGINT and VARCHAR cannot be compared
  hint: numbers stand without quotes: `3`
error type_mismatch [order_total = 'x']: DECIMAL and VARCHAR cannot be compared
  hint: a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none
