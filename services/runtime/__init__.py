"""Plumbing that every process shares: configuration, server, channels, errors on the wire, health, logs, metrics."""
