"""The vocabulary every service speaks: errors, clocks, conventions. Standard library and numpy only."""
