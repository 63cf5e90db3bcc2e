-- Who did what: every change of configuration and every act worth remembering. Of the rows of a kind, tenant and id with
-- a revision the one of the highest holds. Neither retention nor deletion reaches it.
CREATE TABLE IF NOT EXISTS audit (
    tenant LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    accepted DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    kind LowCardinality(String),
    id String CODEC(ZSTD(1)),
    revision UInt64 CODEC(ZSTD(1)),
    action LowCardinality(String),
    subject String CODEC(ZSTD(1)),
    roles LowCardinality(String),
    key String CODEC(ZSTD(1)),
    method LowCardinality(String),
    request_id String CODEC(ZSTD(1)),
    payload String CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    row UInt32 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
ORDER BY (tenant, time, journal_id, offset, row)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;
