-- other patterns
url ILIKE '%x%' OR url LIKE region OR url LIKE 'a!b' ESCAPE '!' OR url LIKE 'a' ESCAPE '' OR url RLIKE 'x' OR url SIMILAR TO 'x'
---
error unsupported [url ILIKE '%x%']: ILIKE is not supported yet
  hint: compare in lower case: `lower(url) LIKE '%pricing%'`
error unsupported [region]: a LIKE pattern that is not a constant text is not supported yet
  hint: `starts_with(url, region)` takes any text; a pattern is a constant, as `LIKE '%pricing%'`
error unsupported ['a!b']: an escape before anything but `%` and `_` in a LIKE pattern is not supported yet
error invalid_literal ['']: an escape is one character, and no wildcard
error unsupported [url RLIKE 'x']: a regular expression is not supported yet
  hint: use LIKE with `%` and `_`, `starts_with` or several of them joined by OR
error unsupported [url SIMILAR TO 'x']: a regular expression is not supported yet
  hint: use LIKE with `%` and `_`, `starts_with` or several of them joined by OR
