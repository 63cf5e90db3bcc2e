"""Services, integrations, machines, agents, browsers, the pipeline."""
