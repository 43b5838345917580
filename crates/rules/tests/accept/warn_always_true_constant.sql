-- constants
1 + 1 = 2 OR region = 'CA'
---
1 + 1 = 2 OR region = 'CA'
warning always_true [1 + 1 = 2 OR region = 'CA']: every user that has an event is in this segment: the clause is always TRUE
