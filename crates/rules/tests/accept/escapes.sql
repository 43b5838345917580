-- escapes in texts
url = 'a\\b' OR url = 'it''s' OR url = 'it\'s' OR url = 'a
b'
---
url = 'a\\b' OR url = 'it''s' OR url = 'it''s' OR url = 'a
b'
