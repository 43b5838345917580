-- of equal numbers in the payload the one with the greater text
max(payload['k'])->>'x' IS NULL AND CAST(max(payload['k']) AS VARCHAR) <> '10'
---
CAST((max(payload['k']))['x'] AS VARCHAR) IS NULL AND CAST(max(payload['k']) AS VARCHAR) <> '10'
