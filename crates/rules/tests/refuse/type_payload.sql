-- a value of the payload beside one of another type
coalesce(payload['k'], 'x') = 'x' AND greatest(payload['n'], 1) > 1
---
error type_mismatch [coalesce(payload['k'], 'x')]: VARIANT and VARCHAR cannot be compared
  hint: say what the payload's value is: its text is `payload->>'k'`, its number `CAST(payload['k'] AS DOUBLE)`
error type_mismatch [greatest(payload['n'], 1)]: VARIANT and BIGINT cannot be compared
  hint: say what the payload's value is: its text is `payload->>'k'`, its number `CAST(payload['k'] AS DOUBLE)`
