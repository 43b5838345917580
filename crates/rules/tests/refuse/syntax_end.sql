-- the clause ends too early
region =
---
error syntax []: expected an expression, found the end of the clause
