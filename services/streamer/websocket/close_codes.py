"""By which code a client learns why its socket was closed."""

from typing import Final

from aiohttp import WSCloseCode

from services.core.errors import BinnacleError, Forbidden, Overloaded, Unauthenticated

UNAUTHENTICATED: Final = 4401
FORBIDDEN: Final = 4403


def close_code(error: BinnacleError) -> int:
    """1012 the streamer stops, 1013 the reader was too slow, both: come back; 4401 no valid token; 4403 no viewer."""
    if isinstance(error, Unauthenticated):
        return UNAUTHENTICATED
    if isinstance(error, Forbidden):
        return FORBIDDEN
    return WSCloseCode.TRY_AGAIN_LATER if isinstance(error, Overloaded) else WSCloseCode.SERVICE_RESTART
