-- the word WHERE
WHERE region = 'CA'
---
error not_an_expression [WHERE]: the clause is what stands behind WHERE
  hint: leave WHERE out
  replacement: 
