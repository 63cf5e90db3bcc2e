"""Services, integrations, machines, agents, browsers, the pipeline: how they do."""
