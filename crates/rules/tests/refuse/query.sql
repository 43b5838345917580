-- a whole query
SELECT user_id FROM events WHERE region = 'CA'
---
error not_an_expression [SELECT user_id FROM events WHERE region = 'CA']: this is a whole query; the clause is what stands behind WHERE
  hint: write only the condition, such as `region = 'California'`
