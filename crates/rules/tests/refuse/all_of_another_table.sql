-- nothing here is called f
EXISTS (SELECT f.* FROM events e WHERE e.user_id = events.user_id)
---
error unknown_table [f]: no table is called `f` here
  hint: in sight are e, events
