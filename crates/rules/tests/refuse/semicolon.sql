-- nothing may follow, not even a semicolon
region = 'CA';
---
error multiple_statements [;]: a clause is one expression: nothing may follow it, not even `;`
  replacement: 
