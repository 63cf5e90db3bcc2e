"""The rules there are, and when they are judged."""
