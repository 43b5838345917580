-- ways into the payload
payload['plan']['name'] = 'pro' AND payload:plan.name = 'pro' AND payload->'plan'->>'name' = 'pro' AND payload:tags[0] = 'a' AND events.payload['tags'][1] IS NOT NULL AND payload->>'x' || 'y' = 'xy'
---
payload['plan']['name'] = 'pro' AND payload['plan']['name'] = 'pro' AND CAST(payload['plan']['name'] AS VARCHAR) = 'pro' AND payload['tags'][0] = 'a' AND payload['tags'][1] IS NOT NULL AND concat(CAST(payload['x'] AS VARCHAR), 'y') = 'xy'
