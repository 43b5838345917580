-- another escape
url LIKE '%100!%!_' ESCAPE '!'
---
url LIKE '%100\\%\\_'
