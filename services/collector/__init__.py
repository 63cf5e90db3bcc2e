"""The collector: takes in points, makes them durable in its journal, then answers; the journal feeds the aggregator."""
