"""Tenants and keys, and everything else that is configured by records."""
