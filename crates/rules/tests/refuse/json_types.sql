-- where a value of the payload needs a type
count(DISTINCT payload['k']) > 1 OR max(payload['k']) = 'x' OR length(payload['k']) = 1 OR coalesce(payload['k'], 'x') = 'x' OR payload['k'] OR region['k'] = 'x' OR payload[region] = 'x' OR payload[-1] = 'x' OR payload.k = 'x'
---
error type_mismatch [payload['k']]: this is VARIANT; a text is needed here
  hint: take its text: `payload->>'k'`
error type_mismatch [coalesce(payload['k'], 'x')]: VARIANT and VARCHAR cannot be compared
  hint: say what the payload's value is: its text is `payload->>'k'`, its number `CAST(payload['k'] AS DOUBLE)`
error type_mismatch [payload['k']]: this is VARIANT, not a condition
  hint: compare it with something, such as `> 0` or `IS NOT NULL`
error type_mismatch [region]: this is VARCHAR, which has no keys
  hint: only the payload has: `payload['k']`
error invalid_literal [region]: this is no key of a JSON value
  hint: a key is a constant text, an array's element a number from 0
error invalid_literal [-1]: this is no key of a JSON value
  hint: a key is a constant text, an array's element a number from 0
error unknown_table [payload]: no table is called `payload` here
  hint: the payload is read by `payload['k']` or `payload:k`
