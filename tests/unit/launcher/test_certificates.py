"""The certificate that a suite makes for itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from services.launcher.certificates import own_certificate


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names(path: Path) -> set[str]:
    known = read(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in known}


def test_it_holds_for_this_machine_and_where_it_listens(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path, "192.0.2.7")
    assert names(certificate) >= {"localhost", "127.0.0.1", "::1", "192.0.2.7"}
    assert key.stat().st_mode & 0o077 == 0


def test_it_stays_until_a_month_before_its_end(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first = own_certificate(tmp_path, "127.0.0.1", now)[0].read_bytes()
    assert own_certificate(tmp_path, "0.0.0.0", now + timedelta(days=366))[0].read_bytes() == first
    renewed = own_certificate(tmp_path, "127.0.0.1", now + timedelta(days=368))[0]
    assert renewed.read_bytes() != first
    assert read(renewed).not_valid_after_utc > now + timedelta(days=760)


def test_another_address_is_another_certificate(tmp_path: Path) -> None:
    first = own_certificate(tmp_path, "127.0.0.1")[0].read_bytes()
    assert own_certificate(tmp_path, "192.0.2.8")[0].read_bytes() != first


@pytest.mark.parametrize("left", [b"", b"no certificate"])
def test_what_cannot_be_read_is_made_again(tmp_path: Path, left: bytes) -> None:
    certificate, _key = own_certificate(tmp_path, "127.0.0.1")
    certificate.write_bytes(left)
    own_certificate(tmp_path, "127.0.0.1")
    assert "localhost" in names(certificate)
