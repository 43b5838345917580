-- joins of other forms
EXISTS (SELECT 1 FROM events v JOIN events p USING (user_id) WHERE v.user_id = events.user_id) OR EXISTS (SELECT 1 FROM events v NATURAL JOIN events p WHERE v.user_id = events.user_id) OR EXISTS (SELECT 1 FROM events p FULL JOIN events v ON p.user_id = v.user_id WHERE v.user_id = events.user_id) OR EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id JOIN events q ON q.user_id = v.user_id WHERE v.user_id = events.user_id) OR region IN (SELECT v.region FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id) OR EXISTS (SELECT 1 FROM events e JOIN users u ON u.user_id = e.user_id WHERE e.user_id = events.user_id) OR EXISTS (SELECT 1 FROM events e JOIN segment_members m ON m.user_id = e.user_id WHERE e.user_id = events.user_id) OR (SELECT v.region FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id ORDER BY v.created_at LIMIT 1) = 'CA' OR user_id IN (SELECT t.user_id FROM (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id) t)
---
error unsupported [EXISTS (SELECT 1 FROM events v JOIN events p USING (user_id) WHERE v.user_id = events.user_id)]: USING or NATURAL is not supported yet
  hint: say it by ON: `JOIN events p ON p.user_id = v.user_id AND …`
error unsupported [EXISTS (SELECT 1 FROM events v NATURAL JOIN events p WHERE v.user_id = events.user_id)]: USING or NATURAL is not supported yet
  hint: say it by ON: `JOIN events p ON p.user_id = v.user_id AND …`
error unsupported [EXISTS (SELECT 1 FROM events p FULL JOIN events v ON p.user_id = v.user_id WHERE v.user_id = events.user_id)]: a FULL JOIN is not supported yet
  hint: ask for the rows of either side: `EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON …) OR EXISTS (SELECT 1 FROM events p LEFT JOIN events v ON …)`
error unsupported [region IN (SELECT v.region FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)]: IN a subquery of anything but `user_id` over a JOIN is not supported yet
  hint: say it by EXISTS: `EXISTS (SELECT 1 FROM events v JOIN events p ON … WHERE v.user_id = events.user_id AND v.region = events.region)`
error unsupported [EXISTS (SELECT 1 FROM events e JOIN segment_members m ON m.user_id = e.user_id WHERE e.user_id = events.user_id)]: a joined `segment_members` is of one segment: `m.segment = 'loyal'`
  hint: join it once for each, or ask `user_id IN (SELECT user_id FROM segment_members WHERE segment IN (…))`
error unsupported [(SELECT v.region FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id ORDER BY v.created_at LIMIT 1)]: ORDER BY … LIMIT 1 over a JOIN is not supported yet
  hint: `arg_max(v.region, v.created_at)` is the value of the last row, `arg_min` of the first
