-- What the segments are. Versions are written once and stay; a deleted segment is archived.

CREATE TABLE segments (
    segment_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tag             TEXT    NOT NULL,
    current_version INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    archived_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX live_segment_tags ON segments (tag) WHERE archived_at IS NULL;

CREATE TABLE segment_versions (
    segment_id      INTEGER NOT NULL REFERENCES segments (segment_id),
    version         INTEGER NOT NULL,
    kind            TEXT    NOT NULL DEFAULT 'rule',
    tag             TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    where_statement TEXT    NOT NULL,
    is_generic      INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    PRIMARY KEY (segment_id, version)
) STRICT;

-- One row: the generation counts every change of the definitions, in the transaction that makes it.
CREATE TABLE catalog (
    catalog_id INTEGER PRIMARY KEY CHECK (catalog_id = 1),
    generation INTEGER NOT NULL
) STRICT;

INSERT INTO catalog (catalog_id, generation) VALUES (1, 0);

-- Who did what to which definition. `detail` is JSON.
CREATE TABLE audit (
    audit_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    subject_id INTEGER NOT NULL,
    detail     TEXT    NOT NULL
) STRICT;
