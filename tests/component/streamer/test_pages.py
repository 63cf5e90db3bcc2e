"""The web app's files, by a real HTTP client."""

import json
from pathlib import Path

import pytest
from yarl import URL

from services.streamer.pages import HASHED
from tests.support.services import socket_address
from tests.support.streamer import DEADLINE, House, streamer
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

HTML = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def web_dir(tmp_path: Path) -> Path:
    """A built web app, and a file beside it that nobody may read."""
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>App</title>")
    (built / "assets/index-ev7iIPSD.js").write_text("export const answer = 42;")
    (built / "assets/theme.js").write_text("document.title;")
    (built / "icons").mkdir()
    (built / "icons/large.png").write_bytes(b"png")
    (built / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.txt").write_text("secret")
    return built


async def test_the_former_dashboards_address_leads_to_the_page(web_dir: Path) -> None:
    async with streamer(web_dir=web_dir) as house, house.browser() as browser:
        async with browser.get("/monitoring/dashboard", headers=HTML, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["location"]) == (302, "/app")
        async with browser.get("/monitoring/dashboard", headers=HTML) as answer:
            assert "App" in await answer.text()


async def test_a_browser_gets_the_page(web_dir: Path) -> None:
    async with streamer(web_dir=web_dir) as house, house.browser() as browser:
        for path in ("/", "/app", "/app/services/shop"):
            async with browser.get(path, headers=HTML) as answer:
                assert answer.status == 200
                assert answer.content_type == "text/html"
                assert "App" in await answer.text()
                assert answer.headers["cache-control"] == "no-cache"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
                assert answer.headers["referrer-policy"] == "no-referrer"
        async with browser.get("/", headers=HTML) as answer:
            assert answer.headers["vary"] == "Accept"
            tag = answer.headers["etag"]
        async with browser.get("/", headers={**HTML, "if-none-match": tag}) as answer:
            assert answer.status == 304


async def test_assets_named_by_their_content_may_be_kept_for_ever(web_dir: Path) -> None:
    async with streamer(web_dir=web_dir) as house, house.browser() as browser:
        async with browser.get("/assets/index-ev7iIPSD.js") as answer:
            assert answer.status == 200
            assert answer.content_type in ("text/javascript", "application/javascript")
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
        async with browser.get("/assets/theme.js") as answer:
            assert answer.headers["cache-control"] == "no-cache"
            tag = answer.headers["etag"]
        async with browser.get("/assets/theme.js", headers={"if-none-match": tag}) as answer:
            assert answer.status == 304
        async with browser.get("/icons/large.png") as answer:
            assert answer.content_type == "image/png"
        async with browser.get("/favicon.svg") as answer:
            assert answer.status == 200
            assert answer.content_type == "image/svg+xml"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("index-ev7iIPSD.js", True),
        ("barlow-latin-400-normal-qiz4-Cze.woff2", True),
        ("a-_bcdefgh.css", True),
        ("mark.svg", False),
        ("dark-platform.svg", False),
        ("app-1a2b.js", False),
    ],
)
def test_only_a_hash_makes_a_name_last(name: str, kept: bool) -> None:
    assert bool(HASHED.search(name)) is kept


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%00",
        "/secret.txt",
        "/nothing",
    ],
)
async def test_nothing_else_is_served(web_dir: Path, path: str) -> None:
    address = URL(path, encoded=True)
    async with streamer(web_dir=web_dir) as house, house.browser() as browser, browser.get(address) as answer:
        assert answer.status == 404


async def test_without_a_built_app_the_page_says_how_to_build_it(house: House) -> None:
    async with house.browser() as browser, browser.get("/", headers=HTML) as answer:
        assert answer.content_type == "text/html"
        assert "make run" in await answer.text()
        assert answer.headers["vary"] == "Accept"


async def test_others_get_the_health(house: House) -> None:
    async with house.browser() as browser:

        async def healthy() -> bool:
            async with browser.get("/", headers={"accept": "*/*"}) as answer:
                told = await answer.json()
                assert answer.headers["vary"] == "Accept"
                return answer.status == 200 and told["status"] == "healthy" and told["service"] == "binnacle"

        await eventually(healthy, "the suite is healthy", within=DEADLINE)


async def test_others_get_a_status_when_a_part_is_away() -> None:
    nobody = socket_address("nobody")
    async with streamer(collector=nobody) as house, house.browser() as browser, browser.get("/") as answer:
        assert answer.status == 503
        told = json.loads(await answer.read())
        assert told["code"] == 14
        assert "collector (does not answer)" in told["message"]
        assert told["details"][0]["reason"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("POST", "/", 405, "POST is not for this path, but GET, HEAD"),
        ("DELETE", "/app/alerts", 405, "DELETE is not for this path"),
        ("PUT", "/sign-in", 405, "PUT is not for this path, but GET, HEAD, POST"),
        ("GET", "/assets/nothing.js", 404, "no such file"),
        ("GET", "/assets/..%2f..%2fsecret.txt", 404, "no such file"),
        ("GET", "/favicon.ico", 404, "no such file"),
        ("GET", "/nowhere", 404, "no such path"),
    ],
)
async def test_refusals_are_json(web_dir: Path, method: str, path: str, status: int, said: str) -> None:
    async with (
        streamer(web_dir=web_dir) as house,
        house.browser() as browser,
        browser.request(method, URL(path, encoded=True), headers=HTML) as answer,
    ):
        assert (answer.status, answer.content_type) == (status, "application/json")
        told = await answer.json()
        assert said in told["message"]
        assert told["details"][0]["domain"] == "binnacle"
        assert ("allow" in answer.headers) == (status == 405)
