-- ten per cent of the pro users, who are also loyal
rollout(10, 'new-checkout') AND user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')
  AND user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')
---
error unsupported [users]: the table `users` is not supported yet
error unsupported [segment_members]: the table `segment_members` is not supported yet
