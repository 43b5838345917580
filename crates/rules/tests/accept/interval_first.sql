-- an interval before the time
created_at + INTERVAL 1 DAY > INTERVAL -1 HOUR + now()
---
created_at + INTERVAL 1 DAY > now() + INTERVAL '-1 HOUR'
