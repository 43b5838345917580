-- the difference of two times
now() - created_at < INTERVAL 7 DAY
---
error unsupported [now() - created_at]: the difference of two times is not supported yet
  hint: move one to the other side: `created_at >= now() - INTERVAL 7 DAY`
