"""DashboardBuilderService: dashboards that people build."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from binnacle.streamer.v1 import (
    dashboard_builder_service_pb2 as pb,
    dashboard_builder_service_pb2_grpc as pb_grpc,
    dashboard_help_pb2,
)
from services.core.applying import Difference
from services.core.clock import Clock
from services.core.errors import InvalidInput
from services.runtime import page_tokens
from services.runtime.calls import current_call
from services.runtime.faults import Faults
from services.runtime.process import Registration
from services.runtime.times import timestamp
from services.streamer.convert.dashboards.answers import asked_message
from services.streamer.convert.dashboards.messages import (
    ORIGINS,
    dashboard_from,
    dashboard_message,
    dashboards_from,
    entry_message,
)
from services.streamer.convert.dashboards.texts import DEFAULT, imported, last_widget, widget_told, with_widget
from services.streamer.domain.asking.asking import ask
from services.streamer.domain.dashboards.book import MOST_DASHBOARDS, SOMEBODY, DashboardBook
from services.streamer.domain.dashboards.following import Following
from services.streamer.domain.dashboards.past import Past, held
from services.streamer.ports.catalogue import Catalogue
from services.streamer.ports.dashboards import Dashboard, Version
from services.streamer.service.rule_drafting import RuleDrafting

SERVICE = "binnacle.streamer.v1.DashboardBuilderService"
PAGE_SIZE, LARGEST_PAGE, MOST_FAULTS, LONGEST_TEXT = 100, 1_000, 1_000, 500


@dataclass(frozen=True, slots=True)
class Helping:
    """What helps people to build: what there is to ask for, and rules made of widgets."""

    catalogue: Catalogue
    drafting: RuleDrafting
    clock: Clock


class DashboardBuilderServicer(pb_grpc.DashboardBuilderServiceServicer):
    """Answers for the tenant of the call."""

    def __init__(self, book: DashboardBook, past: Past, following: Following, helping: Helping) -> None:
        self._book = book
        self._past = past
        self._following = following
        self._helping = helping

    async def CreateDashboard(self, request: pb.CreateDashboardRequest, context: Any) -> pb.CreateDashboardResponse:
        made = await self._book.create(current_call().tenant, dashboard_from(request.dashboard), _caller())
        return pb.CreateDashboardResponse(dashboard=dashboard_message(made))

    async def UpdateDashboard(self, request: pb.UpdateDashboardRequest, context: Any) -> pb.UpdateDashboardResponse:
        wanted = dashboard_from(request.dashboard)
        if not wanted.version:
            raise InvalidInput.of("dashboard.version", "must be that of the dashboard which was changed")
        made = await self._book.update(current_call().tenant, wanted, _caller())
        return pb.UpdateDashboardResponse(dashboard=dashboard_message(made))

    async def DeleteDashboard(self, request: pb.DeleteDashboardRequest, context: Any) -> pb.DeleteDashboardResponse:
        await self._book.delete(current_call().tenant, request.id, request.version, _caller())
        return pb.DeleteDashboardResponse()

    async def OpenDashboard(self, request: pb.OpenDashboardRequest, context: Any) -> pb.OpenDashboardResponse:
        tenant = current_call().tenant
        present = self._book.find(tenant, request.id)
        if request.version and (present is None or present.version != request.version):
            version = await self._past.find(tenant, request.id, request.version)
            return pb.OpenDashboardResponse(dashboard=dashboard_message(held(request.id, version)))
        return pb.OpenDashboardResponse(dashboard=dashboard_message(self._book.get(tenant, request.id)))

    async def ListDashboards(self, request: pb.ListDashboardsRequest, context: Any) -> pb.ListDashboardsResponse:
        tenant, size = current_call().tenant, _page_size(request.page_size)
        after = page_tokens.state_of(tenant, request)
        found = self._matching(tenant, request)
        page = [one for one in found if after is None or _place(one) > after][: size + 1]
        return pb.ListDashboardsResponse(
            dashboards=map(entry_message, page[:size]),
            next_page_token=page_tokens.token_of(tenant, request, _place(page[size - 1])) if len(page) > size else "",
            total=len(found),
        )

    def _matching(self, tenant: str, request: pb.ListDashboardsRequest) -> Sequence[Dashboard]:
        """By title."""
        text = request.text.casefold()
        origin = ORIGINS.word("origin", request.origin) if request.origin else None
        found = [
            one
            for one in self._book.of_tenant(tenant).values()
            if text in "\n".join((one.id, one.title, one.description, *one.tags)).casefold()
            and origin in (None, one.origin)
        ]
        return sorted(found, key=_place)

    async def FollowDashboard(
        self, request: pb.FollowDashboardRequest, context: Any
    ) -> AsyncIterator[pb.FollowDashboardResponse]:
        async for shown in self._following.follow(current_call().tenant, request.id):
            yield pb.FollowDashboardResponse(dashboard=None if shown is None else dashboard_message(shown))

    async def ListDashboardVersions(
        self, request: pb.ListDashboardVersionsRequest, context: Any
    ) -> pb.ListDashboardVersionsResponse:
        tenant, size = current_call().tenant, _page_size(request.page_size)
        state = page_tokens.state_of(tenant, request)
        found = await self._past.page(tenant, request.id, size, None if state is None else str(state[0]))
        return pb.ListDashboardVersionsResponse(
            versions=map(_version_message, found.versions),
            next_page_token=page_tokens.token_of(tenant, request, [found.next]) if found.next else "",
        )

    async def RestoreDashboard(self, request: pb.RestoreDashboardRequest, context: Any) -> pb.RestoreDashboardResponse:
        tenant, identity = current_call().tenant, request.id
        if request.version:
            version = await self._past.find(tenant, identity, request.version)
        else:
            version = await self._past.before(tenant, identity)
        made = await self._book.restore(tenant, held(identity, version), request.present_version, _caller())
        return pb.RestoreDashboardResponse(dashboard=dashboard_message(made))

    async def ApplyDashboards(self, request: pb.ApplyDashboardsRequest, context: Any) -> pb.ApplyDashboardsResponse:
        if len(request.dashboards) > MOST_DASHBOARDS:
            raise InvalidInput.of("dashboards", f"must be at most {MOST_DASHBOARDS:,}")
        wanted = await asyncio.to_thread(dashboards_from, request.dashboards)
        applied = await self._book.apply(
            current_call().tenant, wanted, _caller(), dry_run=request.dry_run, overwrite=request.overwrite
        )
        return pb.ApplyDashboardsResponse(
            differences=map(_difference_message, applied.differences), unchanged=applied.unchanged
        )

    async def ImportDashboards(self, request: pb.ImportDashboardsRequest, context: Any) -> pb.ImportDashboardsResponse:
        wanted, faults = await asyncio.to_thread(imported, request.text)
        if faults and not request.dry_run:
            raise InvalidInput(faults)
        made = await self._book.add_all(current_call().tenant, wanted, _caller(), dry_run=request.dry_run)
        return pb.ImportDashboardsResponse(
            dashboards=map(entry_message, made),
            faults=[pb.ImportFault(field=one.field, description=one.description) for one in faults[:MOST_FAULTS]],
            fault_count=len(faults),
        )

    async def AddWidget(
        self, request: dashboard_help_pb2.AddWidgetRequest, context: Any
    ) -> dashboard_help_pb2.AddWidgetResponse:
        widget, identity = widget_told(request), request.dashboard_id or DEFAULT
        made = await self._book.change(
            current_call().tenant, identity, lambda former: with_widget(former, identity, widget), _caller()
        )
        added = last_widget(made)
        return dashboard_help_pb2.AddWidgetResponse(
            id=added.id, dashboard_id=made.id, version=made.version, widget=added
        )

    async def DraftRule(
        self, request: dashboard_help_pb2.DraftRuleRequest, context: Any
    ) -> dashboard_help_pb2.DraftRuleResponse:
        return await self._helping.drafting.draft(current_call().tenant, request)

    async def AskInWords(
        self, request: dashboard_help_pb2.AskInWordsRequest, context: Any
    ) -> dashboard_help_pb2.AskInWordsResponse:
        faults = Faults()
        faults.text("text", request.text.strip(), LONGEST_TEXT, least=1)
        faults.raise_any()
        known = await self._helping.catalogue.known(current_call().tenant)
        asked = await asyncio.to_thread(ask, request.text, known, self._helping.clock.now())
        return asked_message(request.text, asked)


def _caller() -> str:
    return current_call().subject or SOMEBODY


def _page_size(asked: int) -> int:
    if asked > LARGEST_PAGE:
        raise InvalidInput.of("page_size", f"must be at most {LARGEST_PAGE:,}")
    return asked or PAGE_SIZE


def _place(dashboard: Dashboard) -> list[str]:
    return [dashboard.title.casefold(), dashboard.id]


def _version_message(version: Version) -> pb.DashboardVersion:
    held = version.dashboard
    return pb.DashboardVersion(
        version=version.version,
        time=timestamp(version.at) if version.at else None,
        by=version.by,
        action=version.action,
        title=held.title if held else "",
        widgets=held.widgets if held else 0,
    )


def _difference_message(difference: Difference[Dashboard]) -> pb.DashboardDifference:
    before, after = difference.before, difference.after
    return pb.DashboardDifference(
        dashboard_id=difference.id,
        before=None if before is None else dashboard_message(before),
        after=None if after is None else dashboard_message(after),
    )


def registration(servicer: DashboardBuilderServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(pb_grpc.add_DashboardBuilderServiceServicer_to_server, servicer, SERVICE)
