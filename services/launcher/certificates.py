"""The certificate that a suite makes for itself, where none is given."""

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.launcher.places import write_private

# Browsers take none that is good for longer.
LIFE = timedelta(days=397)
# A suite that is started at least so often never shows one that ran out.
RENEWED = timedelta(days=30)
CERTIFICATE = "edge.crt"
LOCAL = ("localhost", "127.0.0.1", "::1")


def own_certificate(folder: Path, host: str, now: datetime | None = None) -> tuple[Path, Path]:
    """Paths of certificate and key in `folder`; made when there is none, or it does not hold for `host` and a month.

    It is signed by itself: clients are to be given the file, or to be told not to ask.
    """
    certificate, key = folder / CERTIFICATE, folder / "edge.key"
    names = _names(host)
    now = now or datetime.now(UTC)
    if not (key.exists() and _holds(certificate, names, now)):
        private = ec.generate_private_key(ec.SECP256R1())
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        write_private(key, private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        write_private(certificate, _signed(private, names, now).public_bytes(pem))
    return certificate, key


def _names(host: str) -> list[x509.GeneralName]:
    found = dict.fromkeys((*LOCAL, socket.gethostname(), host))
    return [_name(text) for text in found if text and text not in ("0.0.0.0", "::")]


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _holds(path: Path, names: list[x509.GeneralName], now: datetime) -> bool:
    try:
        held = x509.load_pem_x509_certificate(path.read_bytes())
        known = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return held.not_valid_after_utc > now + RENEWED and set(names) <= set(known)


def _signed(private: ec.EllipticCurvePrivateKey, names: list[x509.GeneralName], now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Binnacle")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks differ.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now - timedelta(hours=1) + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
