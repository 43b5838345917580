-- Membership: an empty clause is every user's; late and future events count where the SQL says so.
TRUE
created_at > now()
-- Columns of `events`.
event_id <> 'x'
user_id > 2
activity_type = 'page_viewed'
region = 'CA'
country = 'US'
device_type = 'mobile'
url = '/a'
element_id = 'buy'
order_id = 'o1'
order_total = 10
created_at < TIMESTAMP '2026-03-01 00:00:00'
received_at < TIMESTAMP '2026-03-01 00:00:00'
payload IS NOT NULL
-- `users(user_id, created_at, traits)` and `segment_members(segment, user_id)`.
user_id IN (SELECT user_id FROM users WHERE user_id > 1)
user_id IN (SELECT user_id FROM users WHERE created_at < now() - INTERVAL 1 DAY)
user_id IN (SELECT user_id FROM users WHERE traits['k'] = 'CA')
user_id IN (SELECT user_id FROM segment_members WHERE segment = 'vip')
-- Operators.
order_total = 10
order_total <> 10
order_total != 10
order_total < 10
order_total <= 10
order_total > 10
order_total >= 10
region = 'CA' AND country = 'US'
region = 'CA' OR country = 'US'
NOT region = 'CA'
order_total + 1 > 10
order_total - 1 > 10
order_total * 2 > 10
order_total / 2 > 10
order_total % 3 = 1
region || country = 'CAUS'
order_total BETWEEN 5 AND 20
order_total NOT BETWEEN 5 AND 20
region IN ('CA', 'NY')
region NOT IN ('CA', 'NY')
region LIKE 'C%'
region NOT LIKE '_A'
region IS NULL
region IS NOT NULL
region IS DISTINCT FROM 'CA'
region IS NOT DISTINCT FROM country
CASE WHEN region = 'CA' THEN 1 ELSE 2 END = 1
CASE region WHEN 'CA' THEN 'x' WHEN 'NY' THEN 'y' END = 'x'
COALESCE(region, country, 'none') = 'none'
NULLIF(region, 'CA') IS NULL
CAST(order_total AS BIGINT) = 10
TRY_CAST(region AS DOUBLE) IS NULL
order_total::VARCHAR = '10.0000'
-- Functions.
lower(region) = 'ca'
upper(region) = 'CA'
trim(region) = 'CA'
length(region) = 2
substr(region, 1, 1) = 'C'
concat(region, '-', country) = 'CA-US'
starts_with(url, '/a')
abs(order_total - 20) < 5
round(order_total, 1) = 10
floor(order_total) = 10
ceil(order_total) = 10
greatest(order_total, 5) = 10
least(order_total, 5) = 5
date_trunc('week', created_at) < TIMESTAMP '2026-03-01 00:00:00'
to_date(created_at) < DATE '2026-03-01'
extract(hour FROM created_at) >= 12
-- JSON.
payload['k'] = 'CA'
payload['o']['n'] > 1
payload['list'][0] = 1
payload:k = 'CA'
payload:o.n > 1
payload->>'k' = 'CA'
payload['k'] = payload['s']
payload['k'] IS NULL
-- Time.
created_at <= now()
created_at >= now() - INTERVAL 30 DAY
created_at >= now() - INTERVAL '30 days'
created_at + INTERVAL 30 DAY >= now()
now() - INTERVAL 30 DAY <= created_at
now() < created_at + INTERVAL 30 DAY
created_at BETWEEN now() - INTERVAL 90 DAY AND now() - INTERVAL 30 DAY
created_at >= date_trunc('week', now())
created_at >= date_trunc('month', now())
created_at > TIMESTAMP '2026-01-01 00:00:00'
-- Subqueries over the same user's events.
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA')
NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA')
EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)
user_id IN (SELECT user_id FROM events WHERE region = 'CA')
user_id NOT IN (SELECT user_id FROM events WHERE region = 'CA')
user_id IN (SELECT user_id FROM events WHERE region = 'CA' GROUP BY user_id HAVING count(*) >= 2)
user_id NOT IN (SELECT user_id FROM events GROUP BY user_id HAVING count(*) < 3)
(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA') < 3
(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.created_at DESC LIMIT 1) = 'CA'
order_id IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id AND e.region = 'CA')
user_id IN (SELECT t.user_id FROM (SELECT user_id, to_date(created_at) AS d, count(*) AS n FROM events GROUP BY user_id, d) t WHERE t.n >= 2)
user_id IN (SELECT t.user_id FROM (SELECT DISTINCT user_id, region FROM events) t GROUP BY t.user_id HAVING count(*) >= 2)
EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at WHERE v.user_id = events.user_id AND p.region = v.region)
EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at WHERE v.user_id = events.user_id AND p.event_id IS NULL AND v.region = 'CA')
EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.region = v.country JOIN events q ON q.user_id = v.user_id AND q.url = v.url WHERE v.user_id = events.user_id AND p.event_id IS NULL)
EXISTS (SELECT 1 FROM events v JOIN users u ON u.user_id = v.user_id WHERE v.user_id = events.user_id AND v.region = u.traits->>'k')
user_id IN (SELECT e.user_id FROM events e JOIN segment_members m ON m.user_id = e.user_id AND m.segment = 'vip')
user_id IN (SELECT user_id FROM (SELECT user_id, region, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY created_at) AS n FROM events) t WHERE t.n = 2 AND t.region = 'CA')
-- Aggregates, directly in the clause, with FILTER and without.
count(*) >= 3
count(region) >= 2
count(DISTINCT region) >= 2
sum(order_total) > 20
avg(order_total) > 10
min(order_total) < 5
max(order_total) > 20
arg_max(region, created_at) = 'CA'
arg_min(region, created_at) = 'CA'
count_if(region = 'CA') >= 2
sum_if(order_total, region = 'CA') > 10
avg_if(order_total, region = 'CA') > 10
min_if(order_total, region = 'CA') > 1
max_if(order_total, region = 'CA') > 10
arg_max_if(url, created_at, region = 'CA') = '/a'
arg_min_if(url, created_at, region = 'CA') = '/a'
window_funnel(86400)(created_at, region = 'CA', region = 'NY') >= 1
count(*) FILTER (WHERE region = 'CA') >= 2
max(created_at) < now() - INTERVAL 7 DAY
max(created_at) FILTER (WHERE region = 'CA') BETWEEN now() - INTERVAL 30 DAY AND now() - INTERVAL 1 HOUR
device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'page_viewed') >= 2 AND max(created_at) < now() - INTERVAL 7 DAY
count(DISTINCT payload['k']) >= 2
max(payload['k']) IS NOT NULL
(SELECT count(DISTINCT concat(v.region, p.region)) FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url WHERE v.user_id = events.user_id) >= 2
-- rollout.
rollout(50, 'salt')
-- Three-valued logic.
NOT (region <> 'CA')
order_total NOT IN (1, NULL)
sum(order_total) FILTER (WHERE region = 'nowhere') IS NULL
count(*) FILTER (WHERE region = 'nowhere') = 0
region < 'Z'
-- Nothing raises: a failed cast, a division by zero and overflow are NULL.
CAST(region AS BIGINT) IS NULL
order_total / (order_total - order_total) IS NULL
order_total % 0 IS NULL
user_id * 9223372036854775807 IS NULL
-- Decimals are exact; of a DOUBLE by its shortest text.
sum(order_total) = 30
sum(payload['n']) > 1
avg(CAST(payload['n'] AS DOUBLE)) > 1
-- Every order is completed by `event_id`.
arg_max(url, (created_at, event_id)) = '/a'
