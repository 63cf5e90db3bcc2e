"""Questions about time series."""
