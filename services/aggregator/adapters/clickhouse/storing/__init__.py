"""Segments into tables, and what a start reads back."""
