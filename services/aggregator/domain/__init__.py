"""Taking journals exactly once, and knowing what happens now."""
