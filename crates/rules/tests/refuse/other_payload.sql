-- the payload in other forms
count(DISTINCT payload['k']) > 1 OR max(payload['n']) > 3 OR coalesce(payload['n'], 0) > 1 OR payload['flag'] OR payload#>>'{a,b}' = 'x' OR payload @> '{}' OR payload[region] = 1 OR payload.plan = 'pro' OR length(payload['plan']) = 3
---
error type_mismatch [coalesce(payload['n'], 0)]: VARIANT and BIGINT cannot be compared
  hint: say what the payload's value is: its text is `payload->>'k'`, its number `CAST(payload['k'] AS DOUBLE)`
error type_mismatch [payload['flag']]: this is VARIANT, not a condition
  hint: compare it with something, such as `> 0` or `IS NOT NULL`
error unsupported [payload#>>'{a,b}']: the operator `#>>` is not supported yet
  hint: `payload['a']['b']`, or `payload['a']->>'b'` for its text
error unsupported [payload @> '{}']: the operator `@>` is not supported yet
  hint: compare what is in it: `payload['plan'] = 'pro'`
error invalid_literal [region]: this is no key of a JSON value
  hint: a key is a constant text, an array's element a number from 0
error unknown_table [payload]: no table is called `payload` here
  hint: the payload is read by `payload['k']` or `payload:k`
error type_mismatch [payload['plan']]: this is VARIANT; a text is needed here
  hint: take its text: `payload->>'k'`
