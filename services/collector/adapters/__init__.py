"""The outside of the collector: the journal on disk, the stream to the aggregator, the metrics."""
