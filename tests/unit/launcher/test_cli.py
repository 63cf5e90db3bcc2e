"""The command line, as it is typed."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
import yaml
from click.testing import CliRunner

from services.launcher.cli import main
from services.launcher.edge import ROOT
from services.launcher.keys import read_or_make_jwt_key

HEAVY = ("grpc", "httpx", "jinja2", "pydantic", "rich", "google.protobuf", "asyncio")


def test_help_knows_every_command_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from services.launcher.cli import main\n"
        "print(CliRunner().invoke(main, ['--help']).output)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    for name in ("up", "token", "status", "agent", "demo"):
        assert f"\n  {name} " in output
    assert output.splitlines()[-1] == "[]"


def test_the_version_is_the_packages() -> None:
    output = CliRunner().invoke(main, ["--version"]).output
    assert output.startswith("binnacle, version ")


def test_one_token_on_one_line(tmp_path: Path) -> None:
    key = read_or_make_jwt_key(tmp_path)
    arguments = ["token", "--tenant", "acme", "--role", "viewer", "--ttl", "1h", "--data-dir", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    (line,) = result.output.splitlines()
    assert jwt.decode(line, key.secret, algorithms=["HS256"], audience="binnacle")["tenant"] == "acme"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--host", "0.0.0.0"], "Add --auth jwt"),
        (["up", "--host", "nowhere.example"], "not an IP address"),
        (["up", "--port", "99999"], "--port"),
        (["up", "--auth", "none"], "--auth"),
        (["up", "--otlp-ports=4317,many"], "no list of ports"),
        (["token", "--tenant", "a/b", "--role", "viewer"], "'a/b' is no name of a tenant"),
        (["token", "--tenant", "a", "--role", "veiwer"], "--role veiwer is none; there are admin, editor, ingester"),
        (["token", "--tenant", "a", "--role", "viewer"], "made when a suite starts there with --auth jwt"),
        (["status", "--url", "http://127.0.0.1:9"], "Start one with `binnacle up`"),
    ],
)
def test_mistakes_are_told_with_the_way_out(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = CliRunner(env={"BINNACLE_DATA_DIR": str(tmp_path)}).invoke(main, arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("kind", ["rules", "dashboards"])
def test_a_folder_without_files_deletes_nothing(tmp_path: Path, kind: str) -> None:
    result = CliRunner().invoke(main, [kind, "apply", str(tmp_path), "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert f"{tmp_path} holds no file that ends with .yaml or .yml" in result.output


@pytest.mark.parametrize(
    ("name", "value"), [("BINNACLE_HOST", "0.0.0.0"), ("BINNACLE_PORT", "x"), ("BINNACLE_AUTH", "none")]
)
def test_options_come_from_the_environment_too(tmp_path: Path, name: str, value: str) -> None:
    result = CliRunner(env={"BINNACLE_DATA_DIR": str(tmp_path), name: value}).invoke(main, ["up"])
    assert result.exit_code != 0
    assert "--host" in result.output if name == "BINNACLE_HOST" else f"(env var: '{name}')" in result.output


def test_the_clusters_edge_is_printed() -> None:
    upstreams = [
        part
        for name in ("collector", "aggregator", "streamer", "alerting", "pages")
        for part in (f"--{name}", f"{name}.monitoring.svc:7000")
    ]
    result = CliRunner().invoke(main, ["edge-config", *upstreams])
    config = yaml.safe_load(result.output)
    assert [cluster["type"] for cluster in config["static_resources"]["clusters"]] == ["STRICT_DNS"] * 5


def test_a_clusters_key_is_made_once_and_signs_tokens(tmp_path: Path) -> None:
    given = ["--data-dir", str(tmp_path)]
    made = [CliRunner().invoke(main, ["signing-key", "create", *given]).output for _time in range(2)]
    assert made[0] == made[1]
    token = CliRunner().invoke(main, ["token", "--tenant", "default", "--role", "admin", *given]).output.strip()
    assert jwt.get_unverified_header(token)["kid"] == made[0].split()[0]
    assert (tmp_path / "secrets" / "jwks.json").exists()


def test_the_documented_command_prints_the_edge_of_the_manifests() -> None:
    [told] = re.findall(r"```sh\n(.* binnacle edge-config [^`]*)```", (ROOT / "docs" / "operating.md").read_text())
    setting, _, command = told.replace("\\\n", " ").partition(" binnacle ")
    result = CliRunner(env=dict([setting.split("=")])).invoke(main, shlex.split(command))
    header, _, manifest = (ROOT / "deploy" / "k8s" / "base" / "envoy.yaml").read_text().partition("\n")
    assert header.startswith("#")
    assert result.output == manifest


def test_a_wrong_upstream_is_told() -> None:
    upstreams = [part for name in ("collector", "aggregator", "streamer", "alerting") for part in (f"--{name}", "a:1")]
    result = CliRunner().invoke(main, ["edge-config", *upstreams, "--pages", "nowhere"])
    assert "'nowhere' is neither unix:/path nor host:port" in result.output
