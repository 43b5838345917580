-- ANY, rows and arrays
region = ANY (SELECT region FROM events) OR (region, country) IN (('CA', 'US')) OR [1] = [1]
---
error unsupported [region = ANY (SELECT region FROM events)]: a comparison with ANY or ALL is not supported yet
  hint: `= ANY (…)` is `IN (…)`; `> ALL (SELECT x …)` is a comparison with `(SELECT max(x) …)`, which is NULL over nothing
error unsupported [(region, country)]: a comparison of rows is not supported yet
  hint: compare each column: `region = 'CA' AND country = 'US'`
error unsupported [('CA', 'US')]: a comparison of rows is not supported yet
  hint: compare each column: `region = 'CA' AND country = 'US'`
error unsupported [[1]]: an array is not supported yet
error unsupported [[1]]: an array is not supported yet
