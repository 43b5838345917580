-- a column of the rows in HAVING
user_id IN (SELECT user_id FROM events GROUP BY user_id HAVING region = 'CA')
---
error misplaced_aggregate [region]: `region` differs between the events of the group
  hint: aggregate it, such as `max(region)`, or put the condition into WHERE
