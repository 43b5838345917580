-- operators bind as in SQL
region = 'CA' OR NOT country = 'US' AND device_type IN ('mobile', 'tablet')
---
region = 'CA' OR (NOT country = 'US' AND device_type IN ('mobile', 'tablet'))
