-- a row two subqueries away
EXISTS (SELECT 1 FROM events a WHERE a.user_id = events.user_id AND EXISTS (SELECT 1 FROM events b WHERE b.user_id = a.user_id AND b.url = events.url))
---
error unsupported [events.url]: comparing a row with one that is more than one subquery away is not supported yet
  hint: compare it with the row of the query directly around
