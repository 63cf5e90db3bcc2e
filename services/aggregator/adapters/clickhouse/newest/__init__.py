"""The newest rows of tables, in memory."""
