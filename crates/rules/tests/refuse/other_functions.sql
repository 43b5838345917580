-- functions that other systems have
count_distinct(region) > 1 OR count_distinct_if(region, country = 'US') > 1 OR max_by(region, created_at) = 'CA' OR min_by(region, created_at) = 'CA' OR bool_or(region = 'CA') OR bool_and(region = 'CA') OR any_value(region) = 'CA' OR date(created_at) = '2026-01-01' OR dayofweek(created_at) = 4 OR mod(user_id, 2) = 1 OR contains(region, 'A') OR concat_ws('-', region, country) = 'CA-US' OR median(order_total) > 5 OR first_value(region) = 'CA' OR last_value(region) = 'CA' OR to_start_of_week(created_at) > '2026-01-01' OR to_timestamp('2026-01-01') < created_at OR yesterday() < created_at OR tomorrow() > created_at OR localtimestamp < created_at OR replace(region, 'C', 'D') = 'DA' OR power(order_total, 2) > 1 OR stddev(order_total) > 1 OR string_agg(region, ',') = 'CA'
---
error unsupported [count_distinct(region)]: `count_distinct` is not supported yet
  hint: `count(DISTINCT x)`
error unsupported [count_distinct_if(region, country = 'US')]: `count_distinct_if` is not supported yet
  hint: `count(DISTINCT x) FILTER (WHERE …)`
error unsupported [max_by(region, created_at)]: `max_by` is not supported yet
  hint: `arg_max(x, created_at)`
error unsupported [min_by(region, created_at)]: `min_by` is not supported yet
  hint: `arg_min(x, created_at)`
error unsupported [bool_or(region = 'CA')]: `bool_or` is not supported yet
  hint: `count_if(…) > 0`
error unsupported [bool_and(region = 'CA')]: `bool_and` is not supported yet
  hint: `count_if(NOT …) = 0`
error unsupported [any_value(region)]: `any_value` is not supported yet
  hint: `arg_max(x, created_at)` is the last value, `max(x)` the greatest
error unsupported [date(created_at)]: `date` is not supported yet
  hint: `to_date(created_at)`
error unsupported [dayofweek(created_at)]: `dayofweek` is not supported yet
  hint: `extract(dow FROM created_at)`
error unsupported [mod(user_id, 2)]: `mod` is not supported yet
  hint: `x % 2`
error unsupported [contains(region, 'A')]: `contains` is not supported yet
  hint: `url LIKE '%x%'`
error unsupported [concat_ws('-', region, country)]: `concat_ws` is not supported yet
  hint: `concat(region, '-', country)`
error unsupported [median(order_total)]: `median` is not supported yet
  hint: `avg(x)`, or how many are above a value: `count(*) FILTER (WHERE order_total > 10) * 2 > count(*)`
error unsupported [first_value(region)]: `first_value` is not supported yet
  hint: `arg_min(x, created_at)` is the first value, `arg_max` the last
error unsupported [last_value(region)]: `last_value` is not supported yet
  hint: `arg_max(x, created_at)` is the last value, `arg_min` the first
error unsupported [to_start_of_week(created_at)]: `to_start_of_week` is not supported yet
  hint: `date_trunc('week', created_at)`, and likewise hour, day and month
error unsupported [to_timestamp('2026-01-01')]: `to_timestamp` is not supported yet
  hint: `CAST(x AS TIMESTAMP)`, or `TIMESTAMP '2026-01-31 00:00:00'`
error unsupported [yesterday()]: `yesterday` is not supported yet
  hint: `today() - INTERVAL 1 DAY`
error unsupported [tomorrow()]: `tomorrow` is not supported yet
  hint: `today() + INTERVAL 1 DAY`
error unsupported [localtimestamp]: `localtimestamp` is not supported yet
  hint: `now()`, which is UTC
error unsupported [replace(region, 'C', 'D')]: `replace` is not supported yet
error unknown_function [power]: there is no function `power`
  hint: did you mean `lower`?
  replacement: lower
error unknown_function [stddev]: there is no function `stddev`
error unknown_function [string_agg]: there is no function `string_agg`
