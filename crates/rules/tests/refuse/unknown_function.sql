-- a slip, with the nearest name
cuont(*) > 3 AND coalesec(region, 'x') = 'CA'
---
error unknown_function [cuont]: there is no function `cuont`
  hint: did you mean `count`?
  replacement: count
error unknown_function [coalesec]: there is no function `coalesec`
  hint: did you mean `coalesce`?
  replacement: coalesce
