-- ON of a LEFT JOIN does not tie the other table
EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND v.user_id = events.user_id WHERE p.url IS NULL AND v.url = 'a')
---
error cross_user_subquery [SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND v.user_id = events.user_id WHERE p.url IS NULL AND v.url = 'a']: this subquery looks at the events of other users: every event of anyone could change everyone's membership, which no real-time answer can follow
  hint: add `v.user_id = events.user_id` to its WHERE
