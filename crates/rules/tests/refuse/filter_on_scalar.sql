-- FILTER where nothing is aggregated
lower(region) FILTER (WHERE country = 'US') = 'ca'
---
error misplaced_aggregate [country = 'US']: FILTER belongs to an aggregate; `lower` is none
