-- How long a tenant's data is kept, where it is not as for all; of several rows the newest holds.
CREATE TABLE IF NOT EXISTS retention (
    tenant String,
    kind LowCardinality(String),
    days UInt32,
    archive UInt8,
    changed DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree(changed)
ORDER BY (tenant, kind)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

-- What was written to files of a tenant's part of a partition: `state` 1, then 2 once the rows are gone. Rows that come
-- later are the next `sequence`.
CREATE TABLE IF NOT EXISTS archives (
    tenant String,
    source LowCardinality(String),
    kind LowCardinality(String),
    partition String,
    sequence UInt32,
    state UInt8,
    files UInt32,
    row_count UInt64,
    bytes UInt64,
    end_time DateTime64(3, 'UTC'),
    changed DateTime64(6, 'UTC') DEFAULT now64(6)
) ENGINE = ReplacingMergeTree(state)
ORDER BY (tenant, source, partition, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

-- A job deletes by tenant; the lifetimes below are only the net behind it, later than anything that can be set. Parts
-- that are there learn the new one without being written again.
ALTER TABLE samples MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE events MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE logs MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE heartbeats MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE signals MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE intake_warnings MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE histograms MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE exponential_histograms MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE summaries MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE exemplars MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE spans MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE rollup_minutes MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE rollup_hours MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE imported_rollups MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE rollup_marks MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE samples MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE events MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE logs MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE heartbeats MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE signals MODIFY TTL second + INTERVAL 3700 DAY;
ALTER TABLE intake_warnings MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE histograms MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE exponential_histograms MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE summaries MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE exemplars MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE spans MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE rollup_minutes MODIFY TTL bucket + INTERVAL 3700 DAY;
ALTER TABLE rollup_hours MODIFY TTL bucket + INTERVAL 3700 DAY;
ALTER TABLE imported_rollups MODIFY TTL bucket + INTERVAL 3700 DAY DELETE WHERE tier = 60,
    bucket + INTERVAL 3700 DAY DELETE WHERE tier = 3600;
ALTER TABLE rollup_marks MODIFY TTL bucket + INTERVAL 440 DAY;

-- What these held was copied by the step before.
DROP TABLE IF EXISTS claims;
DROP TABLE IF EXISTS revisions;
