-- other windows of row_number
user_id IN (SELECT user_id FROM (SELECT user_id, row_number() OVER w AS n FROM events WINDOW v AS (PARTITION BY user_id ORDER BY created_at)) t WHERE n = 2) OR user_id IN (SELECT user_id FROM (SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY created_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM events) t WHERE n = 2) OR user_id IN (SELECT user_id FROM (SELECT user_id, row_number() OVER (v ORDER BY created_at) AS n FROM events WINDOW v AS (PARTITION BY user_id)) t WHERE n = 2)
---
error unknown_table [row_number() OVER w]: there is no window `w`
  hint: define it: `FROM events WINDOW w AS (PARTITION BY user_id ORDER BY …)`
error unsupported [row_number() OVER (PARTITION BY user_id ORDER BY created_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)]: a frame of ROW_NUMBER is not supported yet
  hint: leave the frame out: the number of a row goes by its order alone
error unsupported [row_number() OVER (v ORDER BY created_at)]: a window made of another one is not supported yet
  hint: write the window out: `OVER (PARTITION BY user_id ORDER BY created_at)`
