-- a value of pairs
(SELECT count(*) FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id) > 3
---
error unsupported [(SELECT count(*) FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)]: JOIN in anything but EXISTS and `user_id IN` is not supported yet
