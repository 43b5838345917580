-- _if and FILTER add up
count_if(region = 'CA') FILTER (WHERE country = 'US' AND device_type = 'mobile') >= 3
---
count(*) FILTER (WHERE region = 'CA' AND country = 'US' AND device_type = 'mobile') >= 3
