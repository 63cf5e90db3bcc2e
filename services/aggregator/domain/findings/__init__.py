"""What is found in log lines, errors and traces."""
