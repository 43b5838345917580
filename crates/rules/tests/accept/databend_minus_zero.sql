-- in Databend, -0.0 is below 0 where the value is known beforehand
(-round(count(*) FILTER (WHERE FALSE))) NOT BETWEEN 0 AND 1
---
NOT (-round(count(*) FILTER (WHERE FALSE)) >= 0 AND -round(count(*) FILTER (WHERE FALSE)) <= 1)
