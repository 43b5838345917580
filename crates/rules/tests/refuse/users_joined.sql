-- beside other tables
EXISTS (SELECT 1 FROM events e JOIN users u ON u.user_id = e.user_id WHERE e.user_id = events.user_id)
---
error unsupported [users]: the table `users` beside others, or of a derived table, is not supported yet
  hint: ask for it: `user_id IN (SELECT user_id FROM users WHERE …)`; beside a row: `(SELECT traits['k'] FROM users u WHERE u.user_id = e.user_id)`
