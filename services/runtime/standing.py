"""Whom to refuse although a valid token names them: holders of revoked keys, tenants that are disabled or unknown.

Every process asks an aggregator every few seconds and keeps the last answer, so that nothing waits for it; what it
costs a call is a look into a set.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import grpc
from google.protobuf.message import DecodeError

from binnacle.aggregator.v1 import access_service_pb2 as pb, access_service_pb2_grpc as pb_grpc
from binnacle.tenants.v1 import tenants_pb2
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unauthenticated
from services.core.tenants import DEFAULT_TENANT
from services.runtime.calls import Call, acting_for
from services.runtime.statuses import translated_errors

ASK_SECONDS = 3.0
RETRY_SECONDS = 0.5
MOST_USED = 10_000

End = Callable[[BinnacleError], None]


class Standing:
    """How tenants and keys stand, as far as it is known here. Belongs to one event loop."""

    def __init__(self) -> None:
        self.version = ""
        self.tenants: Mapping[str, tenants_pb2.Tenant] = {}
        """Tenants that were created or changed, with their limits, by id."""
        self.seen: frozenset[str] = frozenset()
        """Tenants that have sent data, created or not."""
        self.listeners: list[Callable[[], None]] = []
        """Called after every change."""
        self._revoked: frozenset[tuple[str, str]] = frozenset()
        self._disabled: frozenset[str] = frozenset()
        self._created_only = False
        self._used: set[tuple[str, str]] = set()
        self._watched: dict[int, tuple[str, str, End]] = {}

    def refusal(self, tenant: str, key: str) -> BinnacleError | None:
        """Why a token of a tenant is refused, by the id of the token; None where it holds. Counts as its use."""
        if key:
            held = (tenant, key)
            if held in self._revoked:
                return Unauthenticated("the key has been revoked")
            if len(self._used) < MOST_USED:
                self._used.add(held)
        if tenant in self._disabled:
            return Unauthenticated(f"the tenant {tenant} is disabled")
        if self._created_only and tenant not in self.tenants and tenant != DEFAULT_TENANT:
            return Unauthenticated(f"there is no tenant {tenant}")
        return None

    @contextmanager
    def watched(self, call: Call, end: End) -> Iterator[None]:
        """Within the block `end` is called, once, with the reason when the credential of a call comes to be refused."""
        number = id(call)
        self._watched[number] = (call.tenant, call.key, end)
        try:
            yield
        finally:
            self._watched.pop(number, None)

    def learn(self, answer: pb.GetAccessResponse) -> None:
        """What an aggregator told; nothing where it is what is known already."""
        if answer.version == self.version:
            return
        self.version = answer.version
        self.tenants = {tenant.id: tenant for tenant in answer.tenants}
        self._revoked = frozenset((key.tenant, key.id) for key in answer.revoked_keys)
        self._disabled = frozenset(tenant.id for tenant in answer.tenants if tenant.disabled)
        self._created_only = answer.created_only
        self.seen = frozenset(answer.seen_tenants)
        for number, (tenant, key, end) in list(self._watched.items()):
            if (refusal := self.refusal(tenant, key)) is not None:
                self._watched.pop(number, None)
                end(refusal)
        for listener in self.listeners:
            listener()

    def take_used(self) -> list[tuple[str, str]]:
        """Tenant and id of the tokens that were seen since the last call."""
        used, self._used = self._used, set()
        return list(used)

    def give_back(self, used: list[tuple[str, str]]) -> None:
        """They were taken, and could not be told to anybody."""
        self._used.update(used[: MOST_USED - len(self._used)])


class Follower:
    """Keeps a Standing at what the aggregator behind a channel tells; in the file `kept`, too, where one is given.

    With the file a process that starts while no aggregator answers knows what the last one before it did.
    """

    def __init__(self, standing: Standing, channel: grpc.aio.Channel, clock: Clock, kept: Path | None = None) -> None:
        self._standing = standing
        self._stub = pb_grpc.AccessServiceStub(channel)
        self._clock = clock
        self._kept = kept
        if kept is not None:
            with contextlib.suppress(OSError, DecodeError):
                standing.learn(pb.GetAccessResponse.FromString(kept.read_bytes()))

    async def run(self) -> NoReturn:
        """Ask for ever; a failure is waited out."""
        while True:
            try:
                await self.ask()
            except BinnacleError:
                await self._clock.sleep(RETRY_SECONDS)
            else:
                await self._clock.sleep(ASK_SECONDS)

    async def ask(self) -> None:
        """Ask once. Raises a BinnacleError when there is no answer."""
        used = self._standing.take_used()
        request = pb.GetAccessRequest(known_version=self._standing.version)
        request.used_keys.extend(pb.KeyOfTenant(tenant=tenant, id=identity) for tenant, identity in used)
        try:
            with acting_for(DEFAULT_TENANT), translated_errors("aggregator"):
                answer = await self._stub.GetAccess(request)
        except (BinnacleError, asyncio.CancelledError):
            self._standing.give_back(used)
            raise
        if answer.version != self._standing.version:
            self._keep(answer)
            self._standing.learn(answer)

    def _keep(self, answer: pb.GetAccessResponse) -> None:
        if self._kept is None:
            return
        # A disk that is full or broken must not hinder what is known from being known here.
        with contextlib.suppress(OSError):
            draft = self._kept.with_suffix(f".{os.getpid()}")
            draft.write_bytes(answer.SerializeToString())
            draft.replace(self._kept)
