-- an alias that nobody gave
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND x.region = 'CA')
---
error unknown_table [x]: no table is called `x` here
  hint: in sight are e, events
