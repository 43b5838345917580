-- a list of several types
region IN ('CA', 5)
---
error type_mismatch [region IN ('CA', 5)]: VARCHAR and BIGINT cannot be compared
