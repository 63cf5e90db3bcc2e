"""Alerting's servicers: messages in, domain, messages out."""
