"""What the streamer reaches outside: the aggregator's overview, the suite's processes, its own metrics."""
