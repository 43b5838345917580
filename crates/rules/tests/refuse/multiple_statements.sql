-- a second statement
region = 'CA'; DROP TABLE events
---
error multiple_statements [; DROP TABLE events]: a clause is one expression: nothing may follow it, not even `;`
  replacement: 
