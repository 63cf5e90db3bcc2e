"""Dashboards that people build: kept, changed by several at once, followed; and what is asked in words."""
