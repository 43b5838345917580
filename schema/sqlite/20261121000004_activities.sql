-- What users do, described for people, and which segments are about it. Evaluation never reads this.

CREATE TABLE activities (
    activity_id INTEGER PRIMARY KEY AUTOINCREMENT,
    code        TEXT    NOT NULL UNIQUE,
    title       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- By code, because a rule may name an activity that nobody has described yet.
-- `source` is 'rule' (its clause names it) or 'assigned' (somebody said so).
CREATE TABLE segment_activities (
    segment_id INTEGER NOT NULL REFERENCES segments (segment_id),
    code       TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    PRIMARY KEY (segment_id, code)
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_activities_by_code ON segment_activities (code, segment_id);
