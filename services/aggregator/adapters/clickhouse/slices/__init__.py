"""Answers over long ranges put together of answers over their parts, which are kept until something in them changes."""
