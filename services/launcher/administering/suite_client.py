"""Talks to a running suite as one of its administrators."""

import getpass
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
import httpx

from services.launcher.cli import data_dir_option, url_option
from services.launcher.failures import LauncherError, NotNow
from services.launcher.keys import issue_token

ASK_SECONDS = 30.0
TOKEN_SECONDS = 60.0
OWN_CERTIFICATE = Path("secrets", "tls", "edge.crt")

_token_option = click.option(
    "--token", envvar="BINNACLE_TOKEN", help="An administrator's token.  [default: one made with --data-dir]"
)
_certificate_option = click.option(
    "--client-cert", "certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="BINNACLE_CLIENT_CERT",
    help="Certificate and key, PEM in one file, where the suite wants them of its clients.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Access:
    """How a suite is reached: at `url`, with `token` or one made with the signing key of `data_dir`.

    `certificate` is what a client shows where the edge asks for one: PEM, with its key.
    """

    url: str
    token: str | None
    data_dir: Path
    certificate: Path | None = None


def suite_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every command that talks to a suite; it is given them as `access`."""

    @wraps(command)
    def reached(url: str, token: str | None, data_dir: Path, certificate: Path | None, **others: Any) -> None:
        command(access=Access(url, token, data_dir, certificate), **others)

    return url_option(_token_option(data_dir_option(_certificate_option(reached))))


class SuiteClient:
    """Asks the REST face of a suite for a tenant."""

    def __init__(self, access: Access, tenant: str) -> None:
        self._url = access.url.rstrip("/")
        self._data_dir = access.data_dir
        self._tls = _tls(access)
        self._keyless: LauncherError | None = None
        self._token = access.token or self._made(tenant)

    def ask(self, method: str, path: str, body: Any = None, **parameters: str) -> dict[str, Any]:
        """The answer. Raises LauncherError, saying what the suite said, for any that is no success."""
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with httpx.Client(base_url=self._url, headers=headers, timeout=ASK_SECONDS, verify=self._tls) as client:
                answer = client.request(method, path, json=body, params=parameters)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise LauncherError(f"--url {self._url} is no address: {error}.") from error
        except httpx.TransportError as error:
            raise LauncherError(
                f"Nothing answers at {self._url} ({error}). Is the suite running? See --url."
            ) from error
        return self._understood(answer)

    def pages(self, path: str, rows: str, **parameters: str) -> list[dict[str, Any]]:
        """All rows of a list."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            answer = self.ask("GET", path, page_size="1000", page_token=token, **parameters)
            found += answer[rows]
            token = answer["next_page_token"]
            if not token:
                return found

    def _understood(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            held = answer.json()
        except ValueError:
            held = None
        if not isinstance(held, dict):
            raise LauncherError(
                f"What answers at {self._url} is no suite of this version (status {answer.status_code})."
            )
        if answer.is_success:
            return held
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            if self._keyless is not None:
                raise self._keyless
            raise LauncherError(
                f"The suite at {self._url} refuses the token: {held.get('message')}. "
                f"Name its data directory with --data-dir (now {self._data_dir}), or give --token."
            )
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise NotNow(f"The suite cannot answer now: {held.get('message')}.")
        raise LauncherError(f"The suite refuses: {held.get('message') or answer.status_code}.")

    def _made(self, tenant: str) -> str:
        """A token of an administrator; empty where there is nothing to sign with, which an open suite does not need."""
        try:
            return issue_token(self._data_dir, tenant, ["admin"], TOKEN_SECONDS, f"cli/{_user()}")
        except LauncherError as keyless:
            self._keyless = keyless
            return ""


def _tls(access: Access) -> ssl.SSLContext:
    """Whom this machine trusts, and the suite itself where it made its certificate; and what is shown to it."""
    context = ssl.create_default_context()
    own = access.data_dir / OWN_CERTIFICATE
    if own.exists():
        context.load_verify_locations(own)
    if access.certificate is not None:
        try:
            context.load_cert_chain(access.certificate)
        except ssl.SSLError as error:
            raise LauncherError(
                f"{access.certificate} does not hold a certificate with its key, in PEM ({error.reason})."
            ) from error
    return context


def _user() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        return "nobody"
    return name if name.isascii() else "somebody"
