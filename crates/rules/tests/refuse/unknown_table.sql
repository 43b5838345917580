-- another table
user_id IN (SELECT user_id FROM event WHERE region = 'CA')
---
error unknown_table [event]: there is no table `event`
  hint: did you mean `events`?
  replacement: events
