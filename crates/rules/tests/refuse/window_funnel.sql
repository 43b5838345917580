-- funnels that there are not
window_funnel(created_at, region = 'CA') > 1 OR window_funnel(60)(received_at, region = 'CA') > 1 OR window_funnel(60)(created_at) > 1 OR window_funnel(-1)(created_at, TRUE) > 1 OR window_funnel(60)(created_at, region) > 1
---
error invalid_literal [window_funnel(created_at, region = 'CA')]: a funnel takes a whole number of seconds, of 100 years at most
  hint: `window_funnel(3600)(created_at, first_step, second_step)`
error unsupported [received_at]: a funnel by anything but `created_at` is not supported yet
  hint: a funnel goes by `created_at`
error wrong_arguments [window_funnel(60)(created_at)]: `window_funnel` takes `created_at` and the steps
error invalid_literal [window_funnel(-1)(created_at, TRUE)]: a funnel takes a whole number of seconds, of 100 years at most
  hint: `window_funnel(3600)(created_at, first_step, second_step)`
error type_mismatch [region]: this is VARCHAR, not a condition
  hint: compare it with something, such as `> 0` or `IS NOT NULL`
