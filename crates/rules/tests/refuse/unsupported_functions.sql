-- functions to come
round(order_total) = 1 OR floor(order_total) = 1 OR substr(url, 1, 3) = 'abc' OR window_funnel(60)(created_at, region = 'CA') > 1 OR position('a' IN url) > 1 OR trim(BOTH 'x' FROM url) = 'a'
---
error unsupported [round(order_total)]: `round` is not supported yet
error unsupported [floor(order_total)]: floor is not supported yet
error unsupported [substr(url, 1, 3)]: substr is not supported yet
error unsupported [window_funnel(60)(created_at, region = 'CA')]: `window_funnel` is not supported yet
error unsupported [position('a' IN url)]: position is not supported yet
error unsupported [trim(BOTH 'x' FROM url)]: TRIM with anything but a text is not supported yet
