-- patterns with escapes
url LIKE '%/cart/_' AND url NOT LIKE '100\%%' AND element_id LIKE 'it''s%'
---
url LIKE '%/cart/_' AND url NOT LIKE '100\\%%' AND element_id LIKE 'it''s%'
