-- the _if forms are FILTER
count_if(region = 'CA') > 1 AND sum_if(order_total, region = 'CA') > 1 AND avg_if(order_total, region = 'CA') > 1 AND min_if(order_total, region = 'CA') > 1 AND max_if(order_total, region = 'CA') > 1 AND arg_max_if(region, created_at, country = 'US') = 'CA' AND arg_min_if(region, (created_at, event_id), country = 'US') = 'CA'
---
count(*) FILTER (WHERE region = 'CA') > 1 AND sum(order_total) FILTER (WHERE region = 'CA') > 1 AND avg(order_total) FILTER (WHERE region = 'CA') > 1 AND min(order_total) FILTER (WHERE region = 'CA') > 1 AND max(order_total) FILTER (WHERE region = 'CA') > 1 AND arg_max(region, created_at) FILTER (WHERE country = 'US') = 'CA' AND arg_min(region, created_at) FILTER (WHERE country = 'US') = 'CA'
