-- behind characters of several bytes, on another line
region = 'Île'
AND 東京 = 'x'
---
error unknown_column [東京]: `events` has no column `東京`
  hint: its columns are event_id, user_id, activity_type, region, country, device_type, url, element_id, order_id, order_total, created_at, received_at, payload
