"""Exports, retention, deletion."""
