"""The aggregator's servicers: messages in, domain, messages out."""
