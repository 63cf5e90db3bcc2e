"""Whether dashboards of files may become those of a tenant."""

from collections.abc import Iterable, Mapping, Sequence

from services.core.applying import Origin, applicable
from services.core.errors import Conflict
from services.streamer.ports.dashboards import Dashboard

NAMED = 5


def require_applicable(given: Sequence[Dashboard], known: Mapping[str, Dashboard], *, overwrite: bool) -> None:
    """Raises InvalidInput for ids that lack or stand twice; without `overwrite` Conflict where one that a call edited
    would be replaced or deleted, or one that a call created be replaced by another. One that is as its file has it
    becomes the file's: so what was built on the page comes into files.
    """
    free = {identity: one for identity, one in known.items() if one.origin is not Origin.CALL}
    wanted = {one.id: one for _place, one in applicable(given, free, "dashboard")}
    lost = [] if overwrite else [*_lost(wanted, known)]
    if lost:
        names = ", ".join(lost[:NAMED]) + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")
        raise Conflict(
            f"edits that are in no file would be lost: {names}. Export them into your files, or say that they are to "
            "be overwritten"
        )


def _lost(wanted: Mapping[str, Dashboard], known: Mapping[str, Dashboard]) -> Iterable[str]:
    for identity, former in known.items():
        if not former.edited and former.origin is not Origin.CALL:
            continue
        after = wanted.get(identity)
        if after.content != former.content if after is not None else former.origin is Origin.FILE:
            yield identity
