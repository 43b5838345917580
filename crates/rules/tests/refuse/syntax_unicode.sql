-- places behind characters of several bytes
region = 'Île' AND 東京 = = 'x'
---
error syntax [=]: expected an expression, found `=`
