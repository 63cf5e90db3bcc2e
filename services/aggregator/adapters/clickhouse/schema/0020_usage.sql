-- What each tenant sent on each day (UTC) of its acceptance: written with the segment that holds it, once, as everything
-- of a segment. Rows add up. Neither retention nor deletion reaches it.
CREATE TABLE IF NOT EXISTS usage (
    tenant LowCardinality(String),
    day Date,
    points SimpleAggregateFunction(sum, UInt64),
    events SimpleAggregateFunction(sum, UInt64),
    log_lines SimpleAggregateFunction(sum, UInt64),
    spans SimpleAggregateFunction(sum, UInt64),
    heartbeats SimpleAggregateFunction(sum, UInt64),
    requests SimpleAggregateFunction(sum, UInt64),
    bytes SimpleAggregateFunction(sum, UInt64),
    refused SimpleAggregateFunction(sum, UInt64)
) ENGINE = AggregatingMergeTree
ORDER BY (tenant, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;
