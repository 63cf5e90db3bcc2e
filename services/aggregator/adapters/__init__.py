"""The aggregator's ways to the outside."""
