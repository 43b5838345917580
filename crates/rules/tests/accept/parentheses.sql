-- parentheses that mean nothing go
((region = 'CA')) AND (country = 'US' AND (device_type = 'mobile'))
---
region = 'CA' AND country = 'US' AND device_type = 'mobile'
