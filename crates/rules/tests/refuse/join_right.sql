-- other joins
EXISTS (SELECT 1 FROM events v RIGHT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)
---
error unsupported [EXISTS (SELECT 1 FROM events v RIGHT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)]: any JOIN but INNER and LEFT is not supported yet
  hint: write RIGHT JOIN as LEFT JOIN of the tables in the other order
