"""The store in ClickHouse: embedded (chDB) or a server."""
