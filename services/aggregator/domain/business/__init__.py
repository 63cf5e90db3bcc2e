"""Business figures, rules, funnels, and the people behind them."""
