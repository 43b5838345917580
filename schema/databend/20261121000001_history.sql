-- The history of events, filled from the log by ingestion-api.
--
-- Rows are loaded first and the position of their partition moves last, compare-and-set: what lies at or
-- behind the position is not there yet, whoever loaded it. A load that was repeated, because its writer was
-- killed or an INSERT finished late, leaves the same record twice; its copies have the same
-- log_partition and log_offset, and the views show one of them.

CREATE TABLE IF NOT EXISTS event_rows (
    log_partition SMALLINT NOT NULL,
    log_offset BIGINT NOT NULL,
    -- The log's time when the record was counted, in microseconds: what repeats it within a day does not count.
    counted_at BIGINT NOT NULL,
    event_id VARCHAR NOT NULL,
    user_id BIGINT NOT NULL,
    activity_type VARCHAR NOT NULL,
    region VARCHAR NULL,
    country VARCHAR NULL,
    device_type VARCHAR NULL,
    url VARCHAR NULL,
    element_id VARCHAR NULL,
    order_id VARCHAR NULL,
    order_total DECIMAL(18, 4) NULL,
    created_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    payload VARIANT NULL,
    -- As it was sent: a VARIANT forgets the order of keys and how a number was written.
    payload_text VARCHAR NOT NULL
);

-- What stood of a user's traits after the record at this position.
CREATE TABLE IF NOT EXISTS trait_rows (
    log_partition SMALLINT NOT NULL,
    log_offset BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    traits VARIANT NOT NULL,
    -- With the instants at which each was said.
    standing VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS deletion_rows (
    log_partition SMALLINT NOT NULL,
    log_offset BIGINT NOT NULL,
    user_id BIGINT NOT NULL
);

-- Rows that Databend refuses, so that the others could be loaded.
CREATE TABLE IF NOT EXISTS refused_rows (
    log_partition SMALLINT NOT NULL,
    log_offset BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    -- Its cells as a line of CSV in base64: whatever they hold, this loads.
    cells VARCHAR NOT NULL
);

-- One row per partition, made in one step with the table.
CREATE TABLE IF NOT EXISTS log_positions (
    log_partition SMALLINT NOT NULL,
    next_offset BIGINT NOT NULL,
    log_time BIGINT NOT NULL,
    load_id VARCHAR NOT NULL
) AS SELECT to_int16(number), to_int64(0), to_int64(0), '' FROM numbers({partitions});

CREATE OR REPLACE VIEW deleted_users AS
    SELECT DISTINCT d.user_id
    FROM deletion_rows AS d
    JOIN log_positions AS p ON p.log_partition = d.log_partition AND d.log_offset < p.next_offset;

-- The tables that a clause can see.
CREATE OR REPLACE VIEW events AS
    SELECT event_id, user_id, activity_type, region, country, device_type, url, element_id, order_id, order_total,
        created_at, received_at, payload
    FROM (
        SELECT r.*, row_number() OVER (PARTITION BY r.log_partition, r.log_offset ORDER BY r.user_id) AS copy
        FROM event_rows AS r
        JOIN log_positions AS p ON p.log_partition = r.log_partition AND r.log_offset < p.next_offset
        WHERE r.user_id NOT IN (SELECT user_id FROM deleted_users)
    ) AS copies
    WHERE copy = 1;

CREATE OR REPLACE VIEW users AS
    SELECT user_id, created_at, traits
    FROM (
        SELECT r.user_id, r.created_at, r.traits,
            row_number() OVER (PARTITION BY r.user_id ORDER BY r.log_offset DESC) AS age
        FROM trait_rows AS r
        JOIN log_positions AS p ON p.log_partition = r.log_partition AND r.log_offset < p.next_offset
        WHERE r.user_id NOT IN (SELECT user_id FROM deleted_users)
    ) AS ages
    WHERE age = 1;
