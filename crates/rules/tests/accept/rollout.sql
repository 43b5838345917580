-- a share of the users
rollout(10, 'new-checkout') AND NOT rollout(2.5, 'x') AND count(*) >= 3
---
rollout(10, 'new-checkout') AND NOT rollout(2.5, 'x') AND count(*) >= 3
