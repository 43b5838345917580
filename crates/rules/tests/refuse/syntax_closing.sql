-- a closing parenthesis too much
region = 'CA')
---
error syntax [)]: the clause should have ended before `)`
  hint: is an AND, an OR or a comma missing here?
