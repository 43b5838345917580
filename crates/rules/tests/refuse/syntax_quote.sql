-- a text without an end
region = 'CA
---
error syntax ['CA]: unterminated string literal
