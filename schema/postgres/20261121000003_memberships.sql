-- Who is in which segment, projected from the topic segment-changes, and how far that has come.
--
-- Hash-partitioned by user, because every write is of some users: sixteen smaller indexes, and as many
-- tables that are vacuumed on their own. The members of a segment are merged from all of them.

CREATE TABLE memberships (
    segment_id BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    since      BIGINT NOT NULL,
    PRIMARY KEY (user_id, segment_id)
) PARTITION BY HASH (user_id);

CREATE TABLE memberships_00 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE memberships_01 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE memberships_02 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE memberships_03 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE memberships_04 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE memberships_05 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE memberships_06 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE memberships_07 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE memberships_08 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE memberships_09 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE memberships_10 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE memberships_11 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE memberships_12 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE memberships_13 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE memberships_14 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE memberships_15 PARTITION OF memberships FOR VALUES WITH (MODULUS 16, REMAINDER 15);

CREATE INDEX memberships_by_segment ON memberships (segment_id, user_id) INCLUDE (since);

-- The last change of each user that is projected.
CREATE TABLE membership_seqs (
    user_id BIGINT PRIMARY KEY,
    seq     BIGINT NOT NULL
) PARTITION BY HASH (user_id);

CREATE TABLE membership_seqs_00 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE membership_seqs_01 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE membership_seqs_02 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE membership_seqs_03 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE membership_seqs_04 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE membership_seqs_05 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE membership_seqs_06 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE membership_seqs_07 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE membership_seqs_08 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE membership_seqs_09 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE membership_seqs_10 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE membership_seqs_11 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE membership_seqs_12 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE membership_seqs_13 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE membership_seqs_14 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE membership_seqs_15 PARTITION OF membership_seqs FOR VALUES WITH (MODULUS 16, REMAINDER 15);

-- Counted in the transaction that moves the memberships. Several rows per segment, so that projections
-- of different partitions of the log do not wait for each other; their sum is the number of members,
-- one alone means nothing and may be negative.
CREATE TABLE segment_sizes (
    segment_id BIGINT   NOT NULL,
    bucket     SMALLINT NOT NULL DEFAULT 0,
    user_count BIGINT   NOT NULL,
    PRIMARY KEY (segment_id, bucket)
) WITH (fillfactor = 50); -- Counting writes a new row version: it should fit on the same page.

CREATE TABLE segment_flows (
    segment_id     BIGINT   NOT NULL,
    interval_start BIGINT   NOT NULL,
    bucket         SMALLINT NOT NULL DEFAULT 0,
    entered        BIGINT   NOT NULL,
    exited         BIGINT   NOT NULL,
    PRIMARY KEY (segment_id, interval_start, bucket)
) WITH (fillfactor = 50);

CREATE TABLE projection_positions (
    log_partition BIGINT PRIMARY KEY,
    next_offset   BIGINT NOT NULL
) WITH (fillfactor = 50);
