"""Regular expressions in time that grows with the text only (RE2, as pyarrow has it)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.core.errors import InvalidInput


def matches(expression: str, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts an expression matches as a whole. Raises InvalidInput for one that RE2 does not take."""
    # Loading it takes a while and some memory: only where it is used.
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = pc.match_substring_regex(pa.array(texts, pa.string()), f"^(?s:{expression})$")
    except pa.ArrowInvalid as error:
        raise InvalidInput.of("query.expressions", f"{expression[:100]!r} is no regular expression of RE2") from error
    return np.asarray(found.to_numpy(zero_copy_only=False), bool)
