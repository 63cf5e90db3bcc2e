"""What varies in messages by its form: numbers and what holds one, addresses, quoted texts."""

# In this order: texts in double quotes, in single quotes (not apostrophes), mail and web addresses, runs with a digit.
MASK = (
    r'"[^"]*"'
    r"|(^|[\s=(:\[,])'[^']*'"
    r"|[\w.+-]+@[\w.-]+"
    r"""|[a-z]+://[^\s,;"')]+"""
    r"|[\w.:/@%+-]*\d[\w.:/@%+-]*(?:,\d[\w.:/@%+-]*)*"
)
VARIABLE = "<*>"


def masked(text: str, mask: str) -> str:
    """The expression `text` of SQL with what varies replaced; `mask` is MASK as SQL writes it."""
    return f"replaceRegexpAll({text}, {mask}, '\\\\1{VARIABLE}')"
