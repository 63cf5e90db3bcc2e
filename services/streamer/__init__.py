"""The streamer shows live dashboards: one watch of the overview per tenant, handed on to however many viewers.

A viewer gets the state first, then changes without a gap. Updates are conflated for a reader that lags, events are
lossless within a bound, and a reader that exceeds it is ended alone. When the aggregator is lost viewers stay, and get
a new state once it is back.
"""
