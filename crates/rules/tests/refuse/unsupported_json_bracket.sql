-- reading the payload
payload['plan']['name'] = 'pro'
---
error unsupported [payload['plan']['name']]: reading the payload is not supported yet
