"""All faults of a configuration are told at once."""

import pytest

from services.runtime.config import ServiceConfig, load


def test_every_fault_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("BINNACLE_LISTEN", raising=False)
    monkeypatch.setenv("BINNACLE_AUTH", "maybe")
    monkeypatch.setenv("BINNACLE_METRICS_PORT", "70000")
    with pytest.raises(SystemExit) as refused:
        load(ServiceConfig)
    assert refused.value.code == 2
    told = capsys.readouterr().err
    for name in ("BINNACLE_LISTEN", "BINNACLE_AUTH", "BINNACLE_METRICS_PORT"):
        assert name in told


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINNACLE_LISTEN", "127.0.0.1:7001")
    assert load(ServiceConfig).listen == "127.0.0.1:7001"
