-- rollouts of anything but a constant share
rollout(101, 'x') OR rollout(user_id, 'x') OR rollout(10, region) OR rollout(10) OR rollout(1.234, 'x')
---
error invalid_literal [101]: a percentage is a constant from 0 to 100 with at most two digits behind the point
error invalid_literal [user_id]: a percentage is a constant from 0 to 100 with at most two digits behind the point
error type_mismatch [region]: the salt of a rollout is a constant text
  hint: users of another salt are shuffled anew: `rollout(10, 'new-checkout')`
error wrong_arguments [rollout(10)]: `rollout` takes a percentage and a salt
error invalid_literal [1.234]: a percentage is a constant from 0 to 100 with at most two digits behind the point
