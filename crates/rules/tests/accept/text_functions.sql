-- functions over texts
lower(trim(region)) || '/' || upper(country) = 'ca/US' AND length(url) > 10 AND starts_with(url, 'https') AND concat('a', element_id) <> 'ab'
---
concat(concat(lower(trim(region)), '/'), upper(country)) = 'ca/US' AND length(url) > 10 AND starts_with(url, 'https') AND concat('a', element_id) <> 'ab'
