-- a number with too many digits
order_total < 1234567890123456789012345678901234567890
---
error invalid_literal [1234567890123456789012345678901234567890]: a number has at most 38 digits
