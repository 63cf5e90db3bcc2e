-- Every table of tenants is keyed by tenant first. `journal_id`, `offset`, `row` is the place a row came from.
-- Inserts are durable when they return (fsync), and dropped when their token was seen (deduplication window).

CREATE TABLE IF NOT EXISTS series (
    tenant LowCardinality(String),
    id UInt64,
    name SimpleAggregateFunction(anyLast, String),
    labels SimpleAggregateFunction(anyLast, Map(String, String)),
    kind SimpleAggregateFunction(anyLast, UInt8),
    unit SimpleAggregateFunction(anyLast, String),
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
) ENGINE = AggregatingMergeTree
ORDER BY (tenant, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

-- A value is mantissa / 10^exponent, or the bits of a double in mantissa where exponent is negative.
CREATE TABLE IF NOT EXISTS samples (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    mantissa Int64 CODEC(Delta, T64('bit'), ZSTD(1)),
    exponent Int8 CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, series_id, time)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE VIEW IF NOT EXISTS samples_values AS
SELECT tenant, series_id, time,
    if(exponent < 0, reinterpretAsFloat64(mantissa), mantissa / intExp10(exponent)) AS value
FROM samples;

CREATE TABLE IF NOT EXISTS events (
    tenant LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    accepted DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    type LowCardinality(String),
    service LowCardinality(String),
    user_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    data String CODEC(ZSTD(3)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    row UInt32 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, time, journal_id, offset, row)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS logs (
    tenant LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    accepted DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    level UInt8,
    service LowCardinality(String),
    message String CODEC(ZSTD(3)),
    trace_id String CODEC(ZSTD(1)),
    attributes String CODEC(ZSTD(3)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    row UInt32 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, time, journal_id, offset, row)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS heartbeats (
    tenant LowCardinality(String),
    service LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    accepted DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    status LowCardinality(String),
    kind LowCardinality(String),
    request_count Float64 CODEC(ZSTD(1)),
    error_count Float64 CODEC(ZSTD(1)),
    avg_latency_ms Float64 CODEC(ZSTD(1)),
    uptime_hours Float64 CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1)),
    row UInt32 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, service, time, journal_id, offset, row)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

-- Traffic by second, service and endpoint. Rows add up; `offset` is the last record of the segment they were made of.
CREATE TABLE IF NOT EXISTS signals (
    tenant LowCardinality(String),
    service LowCardinality(String),
    endpoint LowCardinality(String),
    second DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    requests Float64 CODEC(ZSTD(1)),
    errors Float64 CODEC(ZSTD(1)),
    latency_count Float64 CODEC(ZSTD(1)),
    latency_sum_ms Float64 CODEC(ZSTD(1)),
    latency_buckets Array(UInt16) CODEC(ZSTD(1)),
    latency_bucket_counts Array(UInt64) CODEC(ZSTD(1)),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(DoubleDelta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(second)
ORDER BY (tenant, service, endpoint, second)
TTL second + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000,
    ttl_only_drop_parts = 1;

-- How far each journal is committed; the row with the highest `to_offset` holds.
CREATE TABLE IF NOT EXISTS ledger (
    journal_id String,
    from_offset UInt64,
    to_offset UInt64,
    committed_at DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree(to_offset)
ORDER BY journal_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;
