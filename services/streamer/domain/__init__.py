"""The hub, its rooms and viewers; the condition of the suite. Knows no wire."""
