-- a number in quotes
order_total > '500'
---
error type_mismatch [order_total > '500']: DECIMAL and VARCHAR cannot be compared
  hint: numbers stand without quotes: `500`
