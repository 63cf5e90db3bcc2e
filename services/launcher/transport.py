"""How the edge is reached: certificates, sign-in, and how much of this machine it may take."""

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from services.launcher.failures import LauncherError
from services.launcher.places import write_private

MEBIBYTE = 1024 * 1024
# From here on the edge defends itself: first against the greediest streams, at last against everybody new.
MEMORY_BYTES = 1024 * MEBIBYTE
CONNECTIONS = 50_000
# Behind each socket of a client may be one of ours; some files are for the edge itself.
FILES_PER_CONNECTION = 2
OWN_FILES = 256
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
CALLBACK_PATH = "/sign-in/callback"
SIGN_OUT_PATH = "/sign-out"
SIGN_IN = "BINNACLE_OIDC_"
_NEEDED = ("CLIENT_ID", "CLIENT_SECRET_FILE", "AUTHORIZE_URL", "TOKEN_URL")
_OTHERS = ("SEAL_FILE", "SIGN_OUT_URL", "SCOPES", "AUTHORITIES")
SEAL_BYTES = 32


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of PEM files: the edge's certificate and key; and, where clients need one, who signs theirs.

    `lasting` says that browsers may remember to come by TLS alone: not for a certificate that was made here.
    """

    certificate: str
    key: str
    client_authorities: str | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address of the web leads: host, port, path, and whether by TLS."""

    url: str
    host: str
    port: int
    secure: bool

    @classmethod
    def of(cls, url: str) -> "Place":
        """Raises LauncherError for what is no address."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise LauncherError(f"{url} is no address: {error}.") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LauncherError(f"{url} is no address: it begins with neither http:// nor https://.")
        secure = parts.scheme == "https"
        return cls(url, parts.hostname, port or (443 if secure else 80), secure)


@dataclass(frozen=True, slots=True)
class SignIn:
    """An OpenID provider that people sign in at.

    `secret` and `seal` are paths: what the edge proves itself to the provider with, and what cookies are sealed with.
    """

    client_id: str
    secret: str
    seal: str
    authorize: Place
    token: Place
    sign_out: str = ""
    scopes: tuple[str, ...] = ("openid",)
    authorities: str = AUTHORITIES
    callback_path: str = CALLBACK_PATH
    sign_out_path: str = SIGN_OUT_PATH


def sign_in_told(data_dir: Path | None = None, environment: Mapping[str, str] = os.environ) -> SignIn | None:
    """The provider that the environment names, or None where it names none. Raises LauncherError for half of one.

    What cookies are sealed with is made in `data_dir`, unless it is named; without either it is missing.
    """
    told = {name: environment[SIGN_IN + name] for name in _NEEDED + _OTHERS if environment.get(SIGN_IN + name)}
    if not told:
        return None
    needed = _NEEDED if data_dir else (*_NEEDED, "SEAL_FILE")
    missing = [SIGN_IN + name for name in needed if name not in told]
    if missing:
        raise LauncherError(f"For people to sign in {', '.join(missing)} must be set too.")
    return SignIn(
        client_id=told["CLIENT_ID"],
        secret=told["CLIENT_SECRET_FILE"],
        seal=told["SEAL_FILE"] if data_dir is None else told.get("SEAL_FILE") or _seal(data_dir),
        authorize=Place.of(told["AUTHORIZE_URL"]),
        token=Place.of(told["TOKEN_URL"]),
        sign_out=told.get("SIGN_OUT_URL", ""),
        scopes=tuple(told.get("SCOPES", "openid").split()),
        authorities=told.get("AUTHORITIES", AUTHORITIES),
    )


def _seal(data_dir: Path) -> str:
    path = data_dir / "secrets" / "sign-in.seal"
    if not path.exists():
        write_private(path, os.urandom(SEAL_BYTES).hex().encode())
    return str(path)


def affordable_connections() -> int:
    """Connections of clients that the edge may hold, by how many files this process may open. Takes what it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS * FILES_PER_CONNECTION + OWN_FILES
    files = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(16, (files - OWN_FILES) // FILES_PER_CONNECTION)
