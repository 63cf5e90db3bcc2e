"""Sockets for browsers: the live one, and that of the dashboard of old. Each is a form over the hub."""
