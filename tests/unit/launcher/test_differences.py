"""What applying files would do is told for each thing."""

from services.launcher.differences import difference_lines, summary


def test_of_what_becomes_a_files_and_stays_as_it_is_that_is_said() -> None:
    """Its texts are the same: between them there is no line to show."""
    same = {"id": "shop", "before": {"title": "Shop"}, "after": {"title": "Shop"}}
    lines = [*difference_lines([same], "id", lambda held: f"title: {held['title']}\n")]
    assert lines == ["shop: comes from a file from then on; nothing else about it changes"]
    assert summary([same], 0) == "0 created, 1 changed, 0 deleted, 0 as they were"


def test_what_changes_is_shown_as_between_two_files() -> None:
    changed = {"id": "shop", "before": {"title": "Shop"}, "after": {"title": "Shops"}}
    lines = [*difference_lines([changed], "id", lambda held: f"title: {held['title']}\n")]
    assert lines == ["--- now: shop", "+++ then: shop", "@@ -1 +1 @@", "-title: Shop", "+title: Shops"]
