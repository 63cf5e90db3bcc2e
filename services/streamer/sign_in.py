"""Signing in with a token, and out again: a browser keeps it in a cookie, where no script can read it."""

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from services.core.clock import Clock
from services.core.errors import BinnacleError, Forbidden, InvalidInput
from services.runtime import http
from services.streamer.pages import SECURITY_HEADERS
from services.streamer.websocket.admission import Admission

SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
APP: Final = "/app"
COOKIE: Final = "binnacle_token"
# Browsers silently drop a cookie of more than 4,096 bytes, its name and attributes among them.
LONGEST: Final = 3_800
HEADERS = {**SECURITY_HEADERS, "cache-control": "no-store"}


class SignIn:
    """Serves the two addresses.

    The edge judges the token of the cookie as any other; here it is judged once, to say why it does not do.
    """

    def __init__(self, admission: Admission, clock: Clock) -> None:
        self._admission = admission
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Where people sign in and out."""
        return [web.get(SIGN_IN, self._to_app), web.post(SIGN_IN, self._in), web.get(SIGN_OUT, self._out)]

    async def _to_app(self, _request: web.Request) -> web.StreamResponse:
        # Who comes back from a provider, or typed the address: the page asks who does not know them.
        return _leading_to_app()

    async def _in(self, request: web.Request) -> web.StreamResponse:
        try:
            token = await _token(request)
            call = await self._admission.of_token(token)
        except BinnacleError as error:
            return http.refusal(error)
        answer = web.Response(status=HTTPStatus.NO_CONTENT, headers=HEADERS)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=max(0, int((call.expires or 0.0) - self._clock.now())),
            httponly=True,
            samesite="Strict",
            secure=request.headers.get("origin", "").startswith("https:"),
        )
        return answer

    async def _out(self, _request: web.Request) -> web.StreamResponse:
        answer = _leading_to_app()
        answer.del_cookie(COOKIE)
        return answer


def _leading_to_app() -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**HEADERS, "location": APP})


async def _token(request: web.Request) -> str:
    # Without it the edge refuses every write that brings the cookie; and no page of another origin signs anybody in.
    if request.headers.get("sec-fetch-site") != "same-origin":
        raise Forbidden(
            "browsers keep who is signed in by TLS or on this machine alone: come by https, or by localhost"
        )
    try:
        told: Any = await request.json()
    except (ValueError, LookupError, RecursionError):
        # No JSON, in an encoding that there is not, or too deep.
        told = None
    token = told.get("token") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token or not token.isascii():
        raise InvalidInput.of("token", "a token, or an API key")
    if len(token) > LONGEST:
        raise InvalidInput.of("token", f"at most {LONGEST:,} characters: no browser keeps more")
    return token
