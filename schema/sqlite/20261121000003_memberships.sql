-- Who is in which segment, projected from the topic segment-changes, and how far that has come.

CREATE TABLE memberships (
    segment_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    PRIMARY KEY (segment_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_user ON memberships (user_id, segment_id, since);

-- The last change of each user that is projected.
CREATE TABLE membership_seqs (
    user_id INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL
) STRICT;

-- Counted in the transaction that moves the memberships: always the number of their rows.
CREATE TABLE segment_sizes (
    segment_id INTEGER PRIMARY KEY,
    user_count INTEGER NOT NULL
) STRICT;

CREATE TABLE segment_flows (
    segment_id     INTEGER NOT NULL,
    interval_start INTEGER NOT NULL,
    entered        INTEGER NOT NULL,
    exited         INTEGER NOT NULL,
    PRIMARY KEY (segment_id, interval_start)
) STRICT, WITHOUT ROWID;

CREATE TABLE projection_positions (
    log_partition INTEGER PRIMARY KEY,
    next_offset   INTEGER NOT NULL
) STRICT;
