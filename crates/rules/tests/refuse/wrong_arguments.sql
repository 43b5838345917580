-- too many and too few arguments
nullif(region) = 'x' OR sum(order_total, 1) > 2 OR lower(*) = 'x' OR now(1) > created_at OR count_if() > 1
---
error wrong_arguments [nullif(region)]: `nullif` takes two arguments
error wrong_arguments [sum(order_total, 1)]: `sum` takes one argument
error wrong_arguments [lower(*)]: `*` is an argument of `count` only
error wrong_arguments [now(1)]: `now` takes no argument
error wrong_arguments [count_if()]: `count_if` takes a condition as its last argument
