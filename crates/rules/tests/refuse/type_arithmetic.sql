-- texts do not add up
region + 1 = 2
---
error type_mismatch [region + 1]: `+` does not take VARCHAR and BIGINT
