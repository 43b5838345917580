-- no operator between two conditions
region = 'CA' country = 'US'
---
error syntax [country]: the clause should have ended before `country`
  hint: is an AND, an OR or a comma missing here?
