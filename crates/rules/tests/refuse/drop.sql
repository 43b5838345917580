-- a statement
DROP TABLE events
---
error not_an_expression [DROP TABLE events]: DROP is a statement; a clause is a condition and changes nothing
  hint: write only the condition, such as `region = 'California'`
