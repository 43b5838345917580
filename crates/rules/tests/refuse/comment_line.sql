-- a comment to the end of the line
region = 'CA' -- AND country = 'US'
---
error comment [-- AND country = 'US']: a comment hides text from the rule
  hint: leave it out; the segment's description is the place for notes
  replacement: 
