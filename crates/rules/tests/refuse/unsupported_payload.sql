-- reading the payload
payload IS NOT NULL AND EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.payload['x'] = 1)
---
error unsupported [payload]: reading the payload is not supported yet
error unsupported [e.payload['x']]: reading the payload is not supported yet
