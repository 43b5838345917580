-- rows that are made of pairs and told from each other
user_id IN (SELECT t.user_id FROM (SELECT DISTINCT v.user_id, p.url FROM events v JOIN events p ON p.user_id = v.user_id) t GROUP BY t.user_id HAVING count(*) > 2) OR EXISTS (SELECT 1 FROM (SELECT v.user_id, row_number() OVER (PARTITION BY v.user_id ORDER BY p.created_at) AS n FROM events v JOIN events p ON p.user_id = v.user_id) t WHERE t.user_id = events.user_id AND t.n = 2)
---
error unsupported [user_id IN (SELECT t.user_id FROM (SELECT DISTINCT v.user_id, p.url FROM events v JOIN events p ON p.user_id = v.user_id) t GROUP BY t.user_id HAVING count(*) > 2)]: this form of derived table over a JOIN is not supported yet
  hint: leave DISTINCT and `*` out and name its columns, or ask in the JOIN itself
error unsupported [EXISTS (SELECT 1 FROM (SELECT v.user_id, row_number() OVER (PARTITION BY v.user_id ORDER BY p.created_at) AS n FROM events v JOIN events p ON p.user_id = v.user_id) t WHERE t.user_id = events.user_id AND t.n = 2)]: this form of derived table over a JOIN is not supported yet
  hint: leave DISTINCT and `*` out and name its columns, or ask in the JOIN itself
