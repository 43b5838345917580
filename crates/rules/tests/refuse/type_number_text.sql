-- a text against a number
region = 5
---
error type_mismatch [region = 5]: VARCHAR and BIGINT cannot be compared
