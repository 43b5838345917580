-- other patterns
url ILIKE '%x%' OR url LIKE region OR url LIKE 'a!%' ESCAPE '!' OR url RLIKE 'x' OR url SIMILAR TO 'x'
---
error unsupported [url ILIKE '%x%']: ILIKE is not supported yet
error unsupported [region]: a LIKE pattern that is not a constant text is not supported yet
error unsupported [url LIKE 'a!%' ESCAPE '!']: LIKE with ANY or ESCAPE is not supported yet
error unsupported [url RLIKE 'x']: a regular expression is not supported yet
error unsupported [url SIMILAR TO 'x']: a regular expression is not supported yet
