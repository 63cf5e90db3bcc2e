-- What was asked to be deleted, and how far it is; of several rows of an id the one of the highest revision holds. A
-- person is known by a digest alone, which is emptied when the watch for late rows is over.
CREATE TABLE IF NOT EXISTS deletions (
    tenant String,
    id String,
    scope LowCardinality(String),
    digest String,
    requested DateTime64(6, 'UTC'),
    state UInt8,
    done DateTime64(6, 'UTC'),
    deleted UInt64,
    remaining UInt64,
    verified DateTime64(6, 'UTC'),
    revision UInt64
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;
