-- a column where a constant stands
region LIKE country OR substr(region, user_id) = 'A' OR round(order_total, user_id) = 1 OR rollout(user_id, 'x') OR created_at >= now() - INTERVAL (order_total) DAY OR ltrim(region) = 'CA' OR trim(LEADING ' ' FROM region) = 'CA'
---
error unsupported [country]: a LIKE pattern that is not a constant text is not supported yet
  hint: `starts_with(url, region)` takes any text; a pattern is a constant, as `LIKE '%pricing%'`
error unsupported [user_id]: a start or length of a text that is not a constant whole number is not supported yet
  hint: count from either end by constants: `substr(x, 1, 5)`, `substr(x, -3)`
error invalid_literal [user_id]: digits to round to are a constant from -18 to 18
error invalid_literal [user_id]: a percentage is a constant from 0 to 100 with at most two digits behind the point
error invalid_literal [INTERVAL (order_total) DAY]: this is not a length of time
  hint: write it as `INTERVAL 30 DAY` or `INTERVAL '1 day 12 hours'`
error unknown_function [ltrim]: there is no function `ltrim`
  hint: did you mean `trim`?
  replacement: trim
error unsupported [trim(LEADING ' ' FROM region)]: TRIM with anything but a text is not supported yet
  hint: `trim(x)` takes the spaces off both ends
