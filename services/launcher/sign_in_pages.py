"""What the edge shows a person whom it could not sign in: they come from the provider with a browser, not a program."""

import base64
import hashlib
from dataclasses import dataclass

from services.launcher.transport import CALLBACK_PATH

# In the colours of the web app, whose files have names that change. No per cent: the edge would read a command there.
STYLE = """
:root { color-scheme: light dark; }
body { display: grid; place-items: center; min-height: 90vh; margin: 1rem; background: light-dark(#f2efe6, #0b1418);
  color: light-dark(#14252c, #ede7da); font: 1rem/1.5 Barlow, system-ui, sans-serif; }
main { max-width: 26rem; padding: 2rem 1.75rem; border: 1px solid light-dark(#b9b09b, #38505a); border-radius: 0.375rem;
  background: light-dark(#fcfaf5, #101b20); }
h1 { margin: 0 0 0.5rem; font-size: 1.25rem; font-weight: 600; }
p { margin: 0 0 1rem; }
a { display: inline-block; padding: 0.5rem 1rem; border-radius: 0.375rem; background: light-dark(#86601b, #d9b36b);
  color: light-dark(#fcfaf5, #0b1418); font-weight: 600; text-decoration: none; }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class SignInFault:
    """Why somebody comes back who is not signed in; `address` is a regular expression of the whole path and query.

    Nothing of the address is shown: anybody can make a link to it.
    """

    address: str
    title: str
    what: str
    advice: str

    @property
    def page(self) -> str:
        """The page that says so, as HTML."""
        return (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{self.title} · Binnacle</title>\n<style>{STYLE}</style>\n"
            f"<main>\n<h1>{self.title}</h1>\n<p>{self.what}</p>\n<p>{self.advice}</p>\n"
            '<a href="/app">Sign in again</a>\n</main>\n</html>\n'
        )


_ANY = rf"{CALLBACK_PATH}(\?.*)?"
FAULTS = (
    SignInFault(
        rf"{CALLBACK_PATH}\?(.*&)?error=access_denied(&.*)?",
        "You were not let in",
        "The provider that you sign in at said that you may not use Binnacle, or the sign-in was cancelled there.",
        "Sign in as somebody else, or ask whoever runs the provider to let you in.",
    ),
    SignInFault(
        rf"{CALLBACK_PATH}\?(.*&)?error=.*",
        "The provider could not sign you in",
        "It refused what Binnacle asked of it, or has a fault of its own. What it said ends the address of this page.",
        "Try again in a moment. If that does not help, show the address to whoever runs Binnacle.",
    ),
    SignInFault(
        _ANY,
        "You are not signed in",
        "The sign-in took longer than ten minutes, was begun in another browser, or the provider gave nothing for it.",
        "Try again, with cookies allowed. If that does not help, tell whoever runs Binnacle: its provider may be away.",
    ),
)
"""The first whose address fits."""
