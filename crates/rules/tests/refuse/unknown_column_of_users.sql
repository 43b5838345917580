-- traits and segments stand in tables of their own
traits['plan'] = 'pro' AND segment = 'loyal'
---
error unknown_column [traits]: `events` has no column `traits`
  hint: what is said of the user: `(SELECT traits['plan'] FROM users u WHERE u.user_id = events.user_id)`
error unknown_column [segment]: `events` has no column `segment`
  hint: other segments: `user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')`
