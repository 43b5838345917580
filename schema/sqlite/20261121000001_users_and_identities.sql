-- Who the people are: each identity belongs to one user.

CREATE TABLE users (
    -- AUTOINCREMENT: an id that was once handed out is never used again, also after its user was erased.
    user_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT,
    email      TEXT,
    created_at INTEGER NOT NULL -- microseconds since 1970, as every time here
) STRICT;

CREATE TABLE identities (
    kind    TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_user ON identities (user_id);

-- A shared device must not fuse two customers.
CREATE UNIQUE INDEX one_client_ref_id_per_user ON identities (user_id) WHERE kind = 'client_ref_id';

-- The outbox of erasures: a row without a position still has to be appended to the log.
CREATE TABLE user_deletions (
    user_id       INTEGER PRIMARY KEY,
    requested_at  INTEGER NOT NULL,
    log_partition INTEGER,
    log_offset    INTEGER,
    recorded_at   INTEGER
) STRICT;

CREATE INDEX pending_user_deletions ON user_deletions (user_id) WHERE recorded_at IS NULL;
