-- a text in double quotes
region = "CA"
---
error unknown_column ["CA"]: `events` has no column `CA`
  hint: a text stands in single quotes
  replacement: 'CA'
