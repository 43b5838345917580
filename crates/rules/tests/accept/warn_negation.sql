-- a bare negation does not say never
region <> 'CA'
---
region <> 'CA'
warning negation_is_not_never [region <> 'CA']: this selects users with at least one event of another region, whatever their other events are
  hint: to say *never*, use NOT EXISTS
  replacement: NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND region = 'CA')
