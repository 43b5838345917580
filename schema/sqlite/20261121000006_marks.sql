-- The last mark that the log is known to have, and the one it was about to get. Starts that were only
-- counted so far become marks: the log was at the count of the store, or one behind.
ALTER TABLE lineage ADD COLUMN confirmed TEXT;
ALTER TABLE lineage ADD COLUMN pending TEXT;
UPDATE lineage SET
    confirmed = CASE WHEN starts > 1 THEN 'start-' || CAST(starts - 1 AS TEXT) END,
    pending   = 'start-' || CAST(starts AS TEXT);
