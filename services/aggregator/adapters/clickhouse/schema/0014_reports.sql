-- Each part of signals carries its sums by hour along, so that long ranges are read from a fraction of the rows.
ALTER TABLE signals ADD PROJECTION IF NOT EXISTS by_hour (
    SELECT tenant, service, endpoint, toStartOfHour(second), sum(requests), sum(errors), sum(latency_count),
        sum(latency_sum_ms), max(second), sumMap(latency_buckets, latency_bucket_counts)
    GROUP BY tenant, service, endpoint, toStartOfHour(second)
);

ALTER TABLE signals MATERIALIZE PROJECTION by_hour;

-- Deploys, page views and the like are found among many events of other types.
ALTER TABLE events ADD INDEX IF NOT EXISTS of_type type TYPE set(100) GRANULARITY 4;
