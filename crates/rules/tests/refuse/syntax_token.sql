-- a sign too much
region = = 'CA'
---
error syntax [=]: expected an expression, found `=`
