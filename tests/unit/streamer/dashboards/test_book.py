"""Dashboards are created, changed by several, deleted, restored, applied from files; nothing of it is lost."""

import asyncio
from dataclasses import replace

import pytest

from services.core.applying import Origin
from services.core.errors import Conflict, InvalidInput, NotFound
from services.core.tenants import DEFAULT_TENANT
from services.streamer.adapters.redis_claims import RedisClaims
from services.streamer.domain.dashboards.past import held
from services.streamer.ports.dashboards import Dashboard
from tests.support.audit import MemoryLog
from tests.support.dashboards import CAME, OF_INSTALLATION, Books, dashboard

TENANT, ADA, BOB = "acme", "ada", "bob"


@pytest.fixture
async def books() -> Books:
    made = Books(MemoryLog(), RedisClaims(None))
    await made.configuration.read()
    return made


async def apply(books: Books, *wanted: Dashboard, overwrite: bool = False) -> set[str]:
    applied = await books.book.apply(TENANT, wanted, ADA, dry_run=False, overwrite=overwrite)
    return {one.id for one in applied.differences}


async def test_one_is_created_changed_and_deleted(books: Books) -> None:
    made = await books.book.create(TENANT, dashboard("", title="What we sell!"), ADA)
    assert (made.id, made.origin, made.version > 0, made.former_version) == ("what-we-sell", Origin.CALL, True, 0)
    again = await books.book.create(TENANT, dashboard("", title="What we sell!"), ADA)
    assert again.id == "what-we-sell-2"
    changed = await books.book.update(TENANT, replace(dashboard(made.id, title="Sold"), version=made.version), ADA)
    assert (changed.title, changed.former_version, changed.edited) == ("Sold", made.version, False)
    with pytest.raises(Conflict):
        await books.book.create(TENANT, dashboard(made.id), ADA)
    await books.book.delete(TENANT, made.id, changed.version, ADA)
    with pytest.raises(NotFound):
        books.book.get(TENANT, made.id)


async def test_who_changes_what_was_changed_meanwhile_is_told_by_whom_and_when(books: Books) -> None:
    made = await books.book.create(TENANT, dashboard("a"), ADA)
    await books.book.update(TENANT, replace(made, content=dashboard("a", title="Two").content), ADA)
    with pytest.raises(Conflict, match=r"by somebody at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"):
        await books.book.update(TENANT, replace(dashboard("a", title="Three"), version=made.version), BOB)
    with pytest.raises(Conflict):
        await books.book.delete(TENANT, "a", made.version, BOB)


async def test_a_change_that_is_none_makes_no_version(books: Books) -> None:
    made = await books.book.create(TENANT, dashboard("a"), ADA)
    assert await books.book.update(TENANT, replace(dashboard("a"), version=1), ADA) == made


async def test_tenants_have_dashboards_of_their_own(books: Books) -> None:
    await books.book.create(TENANT, dashboard("a"), ADA)
    assert set(books.book.of_tenant(TENANT)) == {CAME, "a"}
    assert set(books.book.of_tenant(DEFAULT_TENANT)) == {CAME, OF_INSTALLATION}


async def test_undo_goes_back_and_forth_also_over_a_deletion(books: Books) -> None:
    first = await books.book.create(TENANT, dashboard("a", title="First"), ADA)
    second = await books.book.update(TENANT, replace(dashboard("a", title="Second"), version=first.version), ADA)

    async def undo() -> Dashboard:
        version = await books.past.before(TENANT, "a")
        return await books.book.restore(TENANT, held("a", version), 0, ADA)

    assert (await undo()).title == "First"
    assert (await undo()).title == "Second"
    await books.book.delete(TENANT, "a", 0, ADA)
    assert (await undo()).title == "Second"
    versions = (await books.past.page(TENANT, "a", 100, None)).versions
    assert [one.action for one in versions] == ["restore", "delete", "restore", "restore", "update", "create"]
    assert (await books.past.find(TENANT, "a", second.version)).dashboard == second
    with pytest.raises(NotFound):
        await books.past.find(TENANT, "a", 7)


async def test_a_ready_made_one_is_as_it_came_again(books: Books) -> None:
    came = books.book.get(TENANT, CAME)
    edited = await books.book.update(TENANT, replace(dashboard(CAME, title="Ours"), version=came.version), ADA)
    assert (edited.origin, edited.edited) == (Origin.READY_MADE, True)
    undone = await books.past.before(TENANT, CAME)
    assert await books.book.restore(TENANT, held(CAME, undone), 0, ADA) == came
    restored = await books.past.before(TENANT, CAME)
    assert (await books.book.restore(TENANT, held(CAME, restored), 0, ADA)).title == "Ours"
    await books.book.delete(TENANT, CAME, 0, ADA)
    assert books.book.get(TENANT, CAME) == came


async def test_files_make_and_delete_their_own_alone(books: Books) -> None:
    await books.book.create(TENANT, dashboard("called"), ADA)
    assert await apply(books, dashboard("a"), dashboard("b"), dashboard(CAME, title="Ours")) == {"a", "b", CAME}
    assert await apply(books, dashboard("a"), dashboard("b", title="Two")) == {"b", CAME}
    assert books.book.get(TENANT, CAME).origin is Origin.READY_MADE
    assert set(books.book.of_tenant(TENANT)) == {CAME, "called", "a", "b"}
    with pytest.raises(Conflict, match="edits that are in no file would be lost: called"):
        await apply(books, dashboard("called", title="Another"))
    with pytest.raises(InvalidInput, match=r"dashboards\[1\]\.id"):
        await apply(books, dashboard("a"), dashboard("a"))


async def test_what_was_built_on_the_page_becomes_that_of_the_file_which_has_it(books: Books) -> None:
    await books.book.create(TENANT, dashboard("called"), ADA)
    assert await apply(books, dashboard("called")) == {"called"}
    assert (books.book.get(TENANT, "called").origin, books.book.get(TENANT, "called").edited) == (Origin.FILE, False)
    await books.book.create(TENANT, dashboard("other"), ADA)
    assert await apply(books, dashboard("other", title="Another"), overwrite=True) == {"called", "other"}
    assert books.book.get(TENANT, "other").title == "Another"


async def test_what_the_page_edited_is_not_lost_to_files(books: Books) -> None:
    await apply(books, dashboard("a"), dashboard("b"))
    made = books.book.get(TENANT, "a")
    edited = await books.book.update(TENANT, replace(dashboard("a", title="Edited"), version=made.version), ADA)
    assert (edited.origin, edited.edited) == (Origin.FILE, True)
    for wanted in ([dashboard("a"), dashboard("b")], [dashboard("b")]):
        with pytest.raises(Conflict, match="edits that are in no file would be lost: a"):
            await apply(books, *wanted)
    tried = await books.book.apply(TENANT, [dashboard("a")], ADA, dry_run=True, overwrite=False)
    assert {one.id for one in tried.differences} == {"a", "b"}
    # Exported and applied, it is the file's again.
    assert await apply(books, dashboard("a", title="Edited"), dashboard("b")) == {"a"}
    assert books.book.get(TENANT, "a").edited is False
    await books.book.update(TENANT, replace(dashboard("a"), version=books.book.get(TENANT, "a").version), ADA)
    assert await apply(books, overwrite=True) == {"a", "b"}


async def test_whoever_follows_is_told_of_each_change(books: Books) -> None:
    made = await books.book.create(TENANT, dashboard("a"), ADA)
    followed = books.following.follow(TENANT, "a")
    assert await anext(followed) == made
    await books.book.update(TENANT, replace(dashboard("a", title="Two"), version=made.version), ADA)
    shown = await anext(followed)
    assert shown is not None
    assert shown.title == "Two"
    await books.book.delete(TENANT, "a", 0, ADA)
    assert await anext(followed) is None
    waiting = asyncio.ensure_future(anext(followed))
    books.following.close()
    with pytest.raises(Exception, match="the process stops"):
        await waiting
    with pytest.raises(NotFound):
        await anext(books.following.follow(TENANT, "b"))
