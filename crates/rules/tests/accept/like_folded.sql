-- a pattern of several constants
region LIKE 'C' || '%' OR region LIKE concat('N', '', '_') OR url NOT LIKE ('%' || 'a') || '!%' ESCAPE '!'
---
region LIKE 'C%' OR region LIKE 'N_' OR url NOT LIKE '%a\\%'
