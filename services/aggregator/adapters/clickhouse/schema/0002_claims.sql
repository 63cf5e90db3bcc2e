-- Which record of a named request counts: the newest claim of an id holds. No deduplication: a claim may be repeated.
-- Read back by the hour at start.
CREATE TABLE IF NOT EXISTS claims (
    id FixedString(16),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(ZSTD(1)),
    claimed DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1))
) ENGINE = ReplacingMergeTree(claimed)
PARTITION BY toDate(claimed)
ORDER BY (toStartOfHour(claimed, 'UTC'), id)
TTL toDateTime(claimed) + INTERVAL 4 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;
