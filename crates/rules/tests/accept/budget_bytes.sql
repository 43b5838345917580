-- more memory per user than usual: as many times as the threshold asks for
count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 5000
---
count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 5000
warning above_budget [count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) >= 5000]: up to 40208 bytes are kept per user, more than the 8192 that are usual at most: a million such users take 38 GiB
  hint: lower the thresholds of counts in windows, or count without a window
