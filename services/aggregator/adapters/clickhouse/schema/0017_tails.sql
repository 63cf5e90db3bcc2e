-- What finds rows by their place. New parts have these indexes, those that stood before get them when they are merged.
ALTER TABLE events ADD INDEX IF NOT EXISTS of_place (journal_id, offset) TYPE minmax GRANULARITY 1;

ALTER TABLE logs ADD INDEX IF NOT EXISTS of_place (journal_id, offset) TYPE minmax GRANULARITY 1;

ALTER TABLE signals ADD INDEX IF NOT EXISTS of_place (journal_id, offset) TYPE minmax GRANULARITY 1;

ALTER TABLE heartbeats ADD INDEX IF NOT EXISTS of_place (journal_id, offset) TYPE minmax GRANULARITY 1;
