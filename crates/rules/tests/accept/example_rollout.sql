-- ten per cent of the pro users, who are also loyal
rollout(10, 'new-checkout') AND user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')
  AND user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')
---
rollout(10, 'new-checkout') AND (EXISTS (SELECT 1 FROM users p WHERE p.user_id = events.user_id) AND ((SELECT p.traits FROM users p WHERE p.user_id = events.user_id))['plan'] = 'pro') IS TRUE AND EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = events.user_id AND s.segment = 'loyal')
warning only_users_with_events [rollout(10, 'new-checkout') AND user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')
  AND user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')]: the clause names no event, and selects only users with at least one event
