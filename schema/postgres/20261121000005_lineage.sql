-- One row: which installation this is, and how often it was started. The log has the same.
CREATE TABLE lineage (
    lineage_id   BIGINT PRIMARY KEY CHECK (lineage_id = 1),
    installation TEXT   NOT NULL,
    starts       BIGINT NOT NULL
);
