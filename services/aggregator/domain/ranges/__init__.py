"""Ranges of time, and the steps they are counted by."""
