-- What was refused at intake; alike refusals of two seconds are one row. `time` is the last of them, `first` the first.
CREATE TABLE IF NOT EXISTS intake_warnings (
    tenant LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    first DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    accepted DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    kind LowCardinality(String),
    field String CODEC(ZSTD(1)),
    reason LowCardinality(String),
    description String CODEC(ZSTD(1)),
    source String CODEC(ZSTD(1)),
    sample String CODEC(ZSTD(1)),
    count UInt64 CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    row UInt32 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, time, journal_id, offset, row)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;
