"""Events, log lines, errors, traces."""
