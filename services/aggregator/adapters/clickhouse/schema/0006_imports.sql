-- Samples of imports that are older than raw samples are kept, in sums; `tier` is the seconds of a bucket. A bucket may
-- come in parts, from several chunks of a file or from several files: rows add up, with each other and with the row of
-- the same bucket in rollup_minutes, rollup_hours or rollup_days. `newest` is time and value of the newest sample.
CREATE TABLE IF NOT EXISTS imported_rollups (
    tenant LowCardinality(String),
    tier UInt32,
    series_id UInt64 CODEC(ZSTD(1)),
    bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    min SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    max SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    newest SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), Float64)) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY (tier, if(tier = 86400, toYear(bucket), toYYYYMM(bucket)))
ORDER BY (tenant, tier, series_id, bucket)
TTL bucket + INTERVAL 30 DAY DELETE WHERE tier = 60, bucket + INTERVAL 400 DAY DELETE WHERE tier = 3600
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;
