-- texts and names of other alphabets
region = 'Île-de-France' OR region = '東京' OR url LIKE '%ü_'
---
region = 'Île-de-France' OR region = '東京' OR url LIKE '%ü_'
