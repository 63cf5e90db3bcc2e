"""What the collector decides, free of protocols: which points are good, who a series is, what to forward when."""
