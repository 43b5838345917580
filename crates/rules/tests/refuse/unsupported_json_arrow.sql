-- reading the payload
payload->>'plan' = 'pro'
---
error unsupported [payload->>'plan']: the operator `->>` is not supported yet
