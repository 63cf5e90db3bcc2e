"""Messages and JSON bodies to columns, and columns to journal records."""
