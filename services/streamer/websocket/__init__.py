"""Sockets for browsers: one listener for all of them, with a face for each kind of client."""
