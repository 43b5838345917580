-- the nearest name is that of the derived table
user_id IN (SELECT user_id FROM (SELECT user_id, region, count(*) AS total FROM events GROUP BY user_id, region) t WHERE totl > 3 AND price > 1)
---
error unknown_column [totl]: neither `t` nor `events` has a column `totl`
  hint: did you mean `total`?
  replacement: total
error unknown_column [price]: neither `t` nor `events` has a column `price`
  hint: `t` has user_id, region, total
