-- One row per series and bucket; of several the one with the highest revision holds. `last` is the value of the newest
-- sample (of several at one time, the largest).
CREATE TABLE IF NOT EXISTS rollup_minutes (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    count UInt64 CODEC(T64, ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    last Float64 CODEC(ZSTD(1)),
    revision UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(bucket)
ORDER BY (tenant, series_id, bucket)
TTL bucket + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_hours (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    count UInt64 CODEC(T64, ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    last Float64 CODEC(ZSTD(1)),
    revision UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant, series_id, bucket)
TTL bucket + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_days (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    count UInt64 CODEC(T64, ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    last Float64 CODEC(ZSTD(1)),
    revision UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYear(bucket)
ORDER BY (tenant, series_id, bucket)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

-- Which buckets are out of date: those disturbed at a later revision than they were rolled up at. `tier` is the seconds
-- of a bucket. Rows of minutes are written with the segment that disturbed them, those of longer buckets with the
-- minutes they are made of.
CREATE TABLE IF NOT EXISTS rollup_marks (
    tenant LowCardinality(String),
    tier UInt32,
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    disturbed SimpleAggregateFunction(max, UInt64),
    rolled SimpleAggregateFunction(max, UInt64)
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant, tier, bucket)
TTL bucket + INTERVAL 40 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

-- Revisions below the highest `reserved` may be in use.
CREATE TABLE IF NOT EXISTS revisions (reserved UInt64)
ENGINE = ReplacingMergeTree ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;
