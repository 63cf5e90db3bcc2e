"""Tenants and keys of a running suite, changed through its edge."""
