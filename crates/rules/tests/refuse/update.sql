-- another statement
UPDATE events SET region = 'CA'
---
error not_an_expression [UPDATE events SET region = 'CA']: UPDATE is a statement; a clause is a condition and changes nothing
  hint: write only the condition, such as `region = 'California'`
