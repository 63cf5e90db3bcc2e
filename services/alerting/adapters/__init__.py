"""The outside of alerting: aggregator, collector, Redis, metrics, and their twins in memory."""
