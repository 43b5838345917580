-- numbers of the payload are added up as decimals
sum(payload['price']) > 100 AND avg(CAST(url AS DOUBLE)) FILTER (WHERE activity_type = 'x') < 5 AND count(DISTINCT payload->>'sku') >= 2 AND arg_max(payload['plan'], created_at) = 'pro'
---
sum(CAST(payload['price'] AS DECIMAL(38, 9))) > 100 AND avg(CAST(CAST(url AS DOUBLE) AS DECIMAL(38, 9))) FILTER (WHERE activity_type = 'x') < 5 AND count(DISTINCT CAST(payload['sku'] AS VARCHAR)) >= 2 AND arg_max(payload['plan'], created_at) = 'pro'
information decimal_total [payload['price']]: these numbers are added up as DECIMAL(38, 9), each by its shortest text, so that the order of the events does not matter
information decimal_total [CAST(url AS DOUBLE)]: these numbers are added up as DECIMAL(38, 9), each by its shortest text, so that the order of the events does not matter
