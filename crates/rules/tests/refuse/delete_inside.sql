-- a statement inside
EXISTS (DELETE FROM events)
---
error not_an_expression [EXISTS (DELETE FROM events)]: a clause is a condition and changes nothing
