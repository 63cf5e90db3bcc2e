"""Business figures, rules, sessions, funnels, people."""
