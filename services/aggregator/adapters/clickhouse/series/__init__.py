"""Time series and their catalog."""
