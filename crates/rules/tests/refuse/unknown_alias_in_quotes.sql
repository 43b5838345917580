-- the whole name is marked, quotes included
"અ".region = 'CA'
---
error unknown_table ["અ"]: no table is called `અ` here
  hint: in sight are events
