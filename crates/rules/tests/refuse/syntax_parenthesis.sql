-- an open parenthesis
(region = 'CA' AND country = 'US'
---
error syntax []: expected ), found the end of the clause
