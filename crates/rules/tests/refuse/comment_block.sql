-- a comment in the middle
region = 'CA' /* or 'TX' */ AND contry = 'US'
---
error comment [/* or 'TX' */]: a comment hides text from the rule
  hint: leave it out; the segment's description is the place for notes
  replacement: 
error unknown_column [contry]: `events` has no column `contry`
  hint: did you mean `country`?
  replacement: country
