-- TRUE is no number
(region = 'CA') = 1
---
error type_mismatch [(region = 'CA') = 1]: BOOLEAN and BIGINT cannot be compared
