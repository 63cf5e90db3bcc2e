"""The engine, embedded or served: its doors, its schema, its formats."""
