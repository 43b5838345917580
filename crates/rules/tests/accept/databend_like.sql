-- in Databend, LIKE's underscore is one byte, and NULL LIKE '%' is FALSE
region LIKE '_' OR url LIKE '/_' OR NOT (country LIKE '%')
---
region LIKE '_' OR url LIKE '/_' OR country NOT LIKE '%'
