-- line breaks and tabs
region = 'CA'
	AND
  country = 'US'
---
region = 'CA' AND country = 'US'
