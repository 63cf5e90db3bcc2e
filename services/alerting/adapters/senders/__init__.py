"""How receivers are reached."""
