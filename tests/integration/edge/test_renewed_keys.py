"""Keys are renewed and removed under an edge that goes on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.launcher.credentials import Credentials
from services.launcher.edge import EdgeSettings
from services.launcher.keys import read_or_make_jwt_key, remove_jwt_key, rotate_jwt_key
from tests.integration.edge.conftest import Edge, running_edge
from tests.integration.edge.tokens import bearer
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.network, pytest.mark.processes]


@pytest.fixture
def followed() -> Iterator[tuple[Edge, Credentials]]:
    """An edge that follows its credentials, and what writes them."""
    made: list[Credentials] = []

    def follow(folder: Path, told: EdgeSettings) -> EdgeSettings:
        credentials = Credentials(told.issuers, folder)
        assert credentials.write()
        made.append(credentials)
        return replace(told, credentials=str(credentials.path))

    with running_edge(auth=True, change=follow) as edge:
        yield edge, made[0]


def status(http: httpx.Client, key: bytes) -> int:
    return http.get("/events", headers=bearer(key)).status_code


def test_a_key_is_renewed_and_the_former_one_removed_while_the_edge_goes_on(
    followed: tuple[Edge, Credentials],
) -> None:
    edge, credentials = followed
    assert not credentials.write(), "nothing has changed"
    former = read_or_make_jwt_key(edge.folder)
    with edge.http() as http:
        assert status(http, former.secret) == 200
        rotate_jwt_key(edge.folder, lambda: None)
        new = read_or_make_jwt_key(edge.folder)
        assert status(http, new.secret) == 401
        assert credentials.write()
        eventually_sync(lambda: status(http, new.secret) == 200, "the edge knows the new key")
        assert status(http, former.secret) == 200
        remove_jwt_key(edge.folder, former.key_id)
        assert credentials.write()
        eventually_sync(lambda: status(http, former.secret) == 401, "the edge knows the removed key no more")
        assert status(http, new.secret) == 200


def test_what_is_no_key_set_changes_nothing(followed: tuple[Edge, Credentials]) -> None:
    edge, credentials = followed
    key = read_or_make_jwt_key(edge.folder)
    key.jwks.write_text("nonsense")
    assert not credentials.write()
    with edge.http() as http:
        assert status(http, key.secret) == 200
