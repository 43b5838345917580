-- an empty list
region IN ()
---
error syntax [)]: expected an expression, found `)`
