-- groups of pairs: what differs in a group, what has no table, a table that is joined later
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id GROUP BY v.user_id HAVING p.region = 'CA')
  OR EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id GROUP BY v.user_id HAVING max(region) = 'CA')
  OR EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND q.url = v.url JOIN events q ON q.user_id = v.user_id WHERE v.user_id = events.user_id)
---
error misplaced_aggregate [p.region]: `p.region` differs between the events of the group
  hint: aggregate it, such as `max(p.region)`, or put the condition into WHERE
error unknown_column [region]: `region` could be a column of any of the joined tables
  hint: say of which one, such as `p.region`
error unknown_table [q.url = v.url]: `q` is joined after this condition
