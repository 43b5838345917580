-- comparison that knows NULL
region IS NOT DISTINCT FROM 'CA' AND country IS DISTINCT FROM 'US'
---
region IS NOT DISTINCT FROM 'CA' AND country IS DISTINCT FROM 'US'
