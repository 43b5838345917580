-- among the traits
region IN (SELECT traits->>'region' FROM users u WHERE u.user_id = events.user_id)
---
error unsupported [region IN (SELECT traits->>'region' FROM users u WHERE u.user_id = events.user_id)]: traits and segments cannot stand in a condition that is computed over the user's events one by one; this is not supported yet
  hint: let it stand by itself, joined to the rest by AND or OR
error unsupported [traits]: traits and segments cannot stand in a condition that is computed over the user's events one by one; this is not supported yet
  hint: let it stand by itself, joined to the rest by AND or OR
