-- Which record of a named request counts, told in turns: `batch` is a number that one of several aggregators has won,
-- each knowing all batches before. Of an id in several batches the last holds. Old partitions are dropped by a job, the
-- newest never, so that the count goes on. A token is dropped within a partition only, so a batch lies in one.
CREATE TABLE IF NOT EXISTS claim_log (
    batch UInt64 CODEC(Delta, ZSTD(1)),
    writer LowCardinality(String),
    taken DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(ZSTD(1)),
    id FixedString(16),
    journal_id LowCardinality(String),
    offset UInt64 CODEC(ZSTD(1)),
    claimed DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    INDEX of_time claimed TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY intDiv(batch, 10000)
ORDER BY (batch, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

INSERT INTO claim_log (batch, writer, id, journal_id, offset, claimed)
SELECT 0, 'before', id, journal_id, offset, claimed FROM claims FINAL;

INSERT INTO turns (log, number, taker, until)
SELECT 'revisions', max(reserved), 'before', toDateTime64(0, 3, 'UTC') FROM revisions;
