-- limits that matter, and an EXISTS that is always true
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id LIMIT 0) OR EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id LIMIT 1 OFFSET 2) OR EXISTS (SELECT count(*) FROM events e WHERE e.user_id = events.user_id) OR EXISTS ((SELECT 1 FROM events e WHERE e.user_id = events.user_id) LIMIT 1) OR EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id ORDER BY e.regoin)
---
error invalid_literal [0]: `LIMIT 0` leaves no row, so that this EXISTS is never TRUE
  hint: leave the LIMIT out
error unsupported [EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id LIMIT 1 OFFSET 2)]: OFFSET in EXISTS is not supported yet
  hint: count the rows: `(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND …) >= 3`
error misplaced_aggregate [EXISTS (SELECT count(*) FROM events e WHERE e.user_id = events.user_id)]: an aggregate without GROUP BY is one row, also of no events: this EXISTS is always TRUE
  hint: write `EXISTS (SELECT 1 FROM …)`, or compare it: `(SELECT count(*) FROM …) > 0`
error unsupported [((SELECT 1 FROM events e WHERE e.user_id = events.user_id)]: anything around a query in parentheses is not supported yet
error unknown_column [regoin]: `events` has no column `regoin`
  hint: did you mean `region`?
  replacement: region
