-- functions to come
position('a' IN url) > 1 OR trim(BOTH 'x' FROM url) = 'a' OR substr(url, length(url)) = 'a' OR substr(url, 1, -1) = 'a'
---
error unsupported [position('a' IN url)]: position is not supported yet
  hint: `url LIKE '%x%'` asks whether it is in it
error unsupported [trim(BOTH 'x' FROM url)]: TRIM with anything but a text is not supported yet
  hint: `trim(x)` takes the spaces off both ends
error unsupported [length(url)]: a start or length of a text that is not a constant whole number is not supported yet
  hint: count from either end by constants: `substr(x, 1, 5)`, `substr(x, -3)`
error unsupported [-1]: a start or length of a text that is not a constant whole number is not supported yet
  hint: count from either end by constants: `substr(x, 1, 5)`, `substr(x, -3)`
