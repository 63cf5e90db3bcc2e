"""Figures as texts for people."""

_DIGITS = range(3, 16)


def figure_text(value: float, beside: float | None = None) -> str:
    """A figure with three digits that count, whole numbers whole: `83.3`, `1,235`, `0.0123`.

    More digits where `beside`, which it is compared with, would not be seen to be on the side where it is.
    """
    rounded = value
    for digits in _DIGITS:
        rounded = round(value, 0) if abs(value) >= 10**digits else float(f"{value:.{digits}g}")
        if beside is None or _side(rounded, beside) == _side(value, beside):
            break
    return exact_text(rounded)


def exact_text(value: float) -> str:
    """A figure as a person gave it: `80`, `99.95`, `1,073,741,824`."""
    return f"{value:,.15g}"


def _side(value: float, beside: float) -> tuple[bool, bool]:
    return value > beside, value < beside
