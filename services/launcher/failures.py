"""What stops a command of `binnacle`: a message that says what to do, without a traceback."""

import click


class LauncherError(click.ClickException):
    """Shown as one message; exit status 1."""


class NotNow(LauncherError):
    """A suite does not answer at the moment: it may a moment later."""
