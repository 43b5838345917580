-- Different values without a bound: all of them are kept.
count(DISTINCT order_id) > count(DISTINCT region) * 2 AND count(DISTINCT url) >= 3
---
count(DISTINCT order_id) > count(DISTINCT region) * 2 AND count(DISTINCT url) >= 3
warning retains_events [order_id]: every different value of `order_id` is kept per user for ever, to count them
  hint: compare the count with a number, and only so many are kept; or count those of a window
warning retains_events [region]: every different value of `region` is kept per user for ever, to count them
  hint: compare the count with a number, and only so many are kept; or count those of a window
