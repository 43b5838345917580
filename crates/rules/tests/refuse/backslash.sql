-- an escape that is none
url = 'a\qb'
---
error invalid_literal ['a\qb']: a backslash begins an escape in a text
  hint: write `\\` for a backslash
