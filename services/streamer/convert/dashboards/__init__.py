"""Dashboards, from messages and back."""
