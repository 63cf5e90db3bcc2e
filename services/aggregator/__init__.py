"""The aggregator: owner of the store. Takes journals exactly once, keeps the live overview, answers questions."""
