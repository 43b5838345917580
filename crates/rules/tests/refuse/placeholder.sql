-- no parameters
region = ?
---
error invalid_literal [?]: a clause has no parameters
  hint: write the value itself
