"""Which alerts belong together, and where what is wrong may have begun."""
