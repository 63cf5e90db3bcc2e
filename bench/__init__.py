"""The benchmarks: `make bench NAME="e2e"`, one JSON object a line on standard output."""
