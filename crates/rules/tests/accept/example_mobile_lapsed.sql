-- mobile, 10 or more views, not seen for 7 days
device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'page_viewed') >= 10
  AND max(created_at) < now() - INTERVAL 7 DAY
---
device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'page_viewed') >= 10 AND max(created_at) < now() - INTERVAL 7 DAY
