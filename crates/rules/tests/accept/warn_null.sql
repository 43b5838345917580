-- a comparison with NULL
country = 'US' OR region = NULL
---
country = 'US' OR region = NULL
warning always_false [region = NULL]: nothing compares with NULL: this is never TRUE, nor is its NOT
  hint: use IS NULL
  replacement: region IS NULL
