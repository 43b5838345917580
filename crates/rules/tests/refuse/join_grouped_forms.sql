-- what cannot be asked of pairs
EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id GROUP BY p.user_id)
  OR EXISTS (SELECT 1 FROM (SELECT v.url AS a, p.url AS b, count(*) AS n FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id GROUP BY v.url, p.url) t WHERE t.n > 1)
  OR (SELECT count(DISTINCT concat(v.url, p.url)) FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id) > 1
  OR (SELECT window_funnel(60)(v.created_at, v.url = 'a') FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id) > 1
  OR (SELECT v.url FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id ORDER BY v.created_at LIMIT 1) = 'a'
  OR EXISTS (SELECT 1 FROM (SELECT v.user_id, p.url FROM events v JOIN events p ON p.user_id = v.user_id) t WHERE t.user_id = events.user_id)
---
error unsupported [EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id GROUP BY p.user_id)]: GROUP BY the `user_id` of the optional side of a LEFT JOIN is not supported yet
  hint: group by the `user_id` of the other table
error unsupported [EXISTS (SELECT 1 FROM (SELECT v.url AS a, p.url AS b, count(*) AS n FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id GROUP BY v.url, p.url) t WHERE t.n > 1)]: rows of groups by columns of several joined tables are not supported here yet
  hint: ask in HAVING: `user_id IN (SELECT v.user_id FROM … GROUP BY … HAVING …)`
error unsupported [window_funnel(60)(v.created_at, v.url = 'a')]: a funnel over a JOIN is not supported yet
  hint: count the steps of one table, with the other by EXISTS in its WHERE
error unsupported [(SELECT v.url FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id ORDER BY v.created_at LIMIT 1)]: ORDER BY … LIMIT 1 over a JOIN is not supported yet
  hint: `arg_max(v.region, v.created_at)` is the value of the last row, `arg_min` of the first
