-- names in any case and quotes
REGION = 'CA' AND events.Country = 'US' AND "device_type" = 'mobile' AND `events`.url = 'x'
---
region = 'CA' AND country = 'US' AND device_type = 'mobile' AND url = 'x'
