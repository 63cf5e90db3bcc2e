-- What OpenTelemetry knows beside samples and logs, exactly as it came. Temporality: 1 since the last point, 2 since the
-- start. Untold figures are NaN, an untold start is the epoch. `journal_id` and `offset` are the place of the record.

CREATE TABLE IF NOT EXISTS histograms (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    temporality UInt8,
    count UInt64 CODEC(Delta, ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    bounds Array(Float64) CODEC(ZSTD(1)),
    bucket_counts Array(UInt64) CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, series_id, time)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

-- Bucket i of an offset o holds what is above base^(o + i) and at most base^(o + i + 1); base is 2^(2^-scale).
CREATE TABLE IF NOT EXISTS exponential_histograms (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    temporality UInt8,
    count UInt64 CODEC(Delta, ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    scale Int32 CODEC(ZSTD(1)),
    zero_count UInt64 CODEC(ZSTD(1)),
    zero_threshold Float64 CODEC(ZSTD(1)),
    positive_offset Int32 CODEC(ZSTD(1)),
    positive_counts Array(UInt64) CODEC(ZSTD(1)),
    negative_offset Int32 CODEC(ZSTD(1)),
    negative_counts Array(UInt64) CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, series_id, time)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS summaries (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    count UInt64 CODEC(Delta, ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    quantiles Array(Float64) CODEC(ZSTD(1)),
    quantile_values Array(Float64) CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, series_id, time)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS exemplars (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    attributes String CODEC(ZSTD(3)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, series_id, time)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS spans (
    tenant LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    duration_ns Int64 CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_span_id String CODEC(ZSTD(1)),
    name LowCardinality(String),
    kind UInt8,
    service LowCardinality(String),
    status UInt8,
    status_message String CODEC(ZSTD(1)),
    attributes String CODEC(ZSTD(3)),
    events String CODEC(ZSTD(3)),
    links String CODEC(ZSTD(3)),
    accepted DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    row UInt32 CODEC(DoubleDelta, ZSTD(1)),
    INDEX of_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, service, time, journal_id, offset, row)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

ALTER TABLE logs ADD COLUMN IF NOT EXISTS span_id String CODEC(ZSTD(1)) AFTER trace_id;
