"""Sessions, people's stories, features and funnels."""

import asyncio

import grpc

from binnacle.aggregator.v1 import session_service_pb2 as pb, session_service_pb2_grpc
from services.aggregator.convert import funnels, pages, sessions, stories
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.time_ranges import DAY_US, range_from
from services.aggregator.domain.business.funnels import funnel
from services.aggregator.ports.funnels import FunnelReader
from services.aggregator.ports.searches import TimeRange
from services.aggregator.ports.sessions import (
    FeatureFilter,
    SessionFilter,
    SessionReader,
    StoryPosition,
    StoryReader,
    Subject,
)
from services.core.clock import Clock
from services.core.errors import InvalidInput, NotFound
from services.runtime.calls import current_call

MOST_SESSIONS_TOLD = 100
DEFAULT_FEATURES, MOST_FEATURES = 20, 100


class SessionServicer(session_service_pb2_grpc.SessionServiceServicer):
    """Answers from the store."""

    def __init__(
        self, session_reader: SessionReader, story_reader: StoryReader, funnel_reader: FunnelReader, clock: Clock
    ) -> None:
        self._sessions = session_reader
        self._stories = story_reader
        self._funnels = funnel_reader
        self._clock = clock

    async def ListSessions(
        self,
        request: pb.ListSessionsRequest,
        context: grpc.aio.ServicerContext[pb.ListSessionsRequest, pb.ListSessionsResponse],
    ) -> pb.ListSessionsResponse:
        return await self._page(request)

    async def _page(self, request: pb.ListSessionsRequest) -> pb.ListSessionsResponse:
        tenant, now = current_call().tenant, self._clock.now()
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        matching, before = sessions.filter_from(tenant, request, now)
        found = await self._sessions.sessions(tenant, matching, size + 1, before)
        page = found[:size]
        more = len(found) > size
        return pb.ListSessionsResponse(
            sessions=[sessions.session(one, now) for one in page],
            next_page_token=sessions.page_token(tenant, request, matching, page[-1]) if more else "",
        )

    async def ListActiveSessions(
        self,
        request: pb.ListActiveSessionsRequest,
        context: grpc.aio.ServicerContext[pb.ListActiveSessionsRequest, pb.ListActiveSessionsResponse],
    ) -> pb.ListActiveSessionsResponse:
        asked = pb.ListSessionsRequest(active_only=True, page_size=request.page_size, page_token=request.page_token)
        page = await self._page(asked)
        from_us, to_us = range_from(asked, self._clock.now())
        used = await self._sessions.features(current_call().tenant, FeatureFilter(from_us, to_us), DEFAULT_FEATURES)
        return pb.ListActiveSessionsResponse(
            sessions=page.sessions,
            next_page_token=page.next_page_token,
            figures=await self._figures("", from_us, to_us),
            features=sessions.feature_usage(used, None).features,
        )

    async def GetSessionFigures(
        self,
        request: pb.GetSessionFiguresRequest,
        context: grpc.aio.ServicerContext[pb.GetSessionFiguresRequest, pb.GetSessionFiguresResponse],
    ) -> pb.GetSessionFiguresResponse:
        from_us, to_us = range_from(request, self._clock.now())
        figures = await self._figures(request.service, from_us, to_us)
        shift = request.earlier_seconds * 1_000_000
        earlier = await self._figures(request.service, from_us - shift, to_us - shift) if shift else None
        return pb.GetSessionFiguresResponse(figures=figures, earlier=earlier)

    async def _figures(self, service: str, from_us: int, to_us: int) -> pb.SessionFigures:
        active_from_us = sessions.active_from_us(self._clock.now(), to_us)
        found = await self._sessions.figures(current_call().tenant, from_us, to_us, active_from_us, service)
        return sessions.figures(found, from_us, to_us)

    async def GetSession(
        self,
        request: pb.GetSessionRequest,
        context: grpc.aio.ServicerContext[pb.GetSessionRequest, pb.GetSessionResponse],
    ) -> pb.GetSessionResponse:
        tenant, now = current_call().tenant, self._clock.now()
        session_id = sessions.id_from("session_id", request.session_id)
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        asked, after = stories.after_from(tenant, request)
        within = asked or range_from(request, now + DAY_US / 1e6, 31 * DAY_US)
        found = await self._sessions.session(tenant, session_id, *within)
        if found is None:
            raise NotFound(f"no event within the range is of session {session_id}")
        subject = Subject(session_id=session_id, during=TimeRange(found.start_us, found.end_us + 1))
        entries, token = await self._entries(request, subject, within, size, after)
        return pb.GetSessionResponse(session=sessions.session(found, now), entries=entries, next_page_token=token)

    async def GetUserStory(
        self,
        request: pb.GetUserStoryRequest,
        context: grpc.aio.ServicerContext[pb.GetUserStoryRequest, pb.GetUserStoryResponse],
    ) -> pb.GetUserStoryResponse:
        tenant, now = current_call().tenant, self._clock.now()
        user_id = sessions.id_from("user_id", request.user_id)
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        asked, after = stories.after_from(tenant, request)
        within = asked or range_from(request, now)
        summary, found, (entries, token) = await asyncio.gather(
            self._stories.summary(tenant, user_id, *within),
            self._sessions.sessions(tenant, SessionFilter(*within, user_id=user_id), MOST_SESSIONS_TOLD),
            self._entries(request, Subject(user_id=user_id), within, size, after),
        )
        if summary is None:
            raise NotFound(f"no event within the range is of user {user_id}")
        return pb.GetUserStoryResponse(
            user_id=user_id,
            first_time=timestamp(summary.first_us),
            last_time=timestamp(summary.last_us),
            events=summary.events,
            sessions=[sessions.session(one, now) for one in found],
            entries=entries,
            next_page_token=token,
        )

    async def _entries(
        self,
        asked: pb.GetSessionRequest | pb.GetUserStoryRequest,
        subject: Subject,
        within: tuple[int, int],
        size: int,
        after: StoryPosition | None,
    ) -> tuple[list[pb.StoryEntry], str]:
        """A page of a story and the token of the next."""
        tenant = current_call().tenant
        found = await self._stories.story(tenant, subject, *within, size + 1, after)
        page = found[:size]
        token = stories.page_token(tenant, asked, within, page[-1]) if len(found) > size else ""
        return [stories.entry(one) for one in page], token

    async def GetFeatureUsage(
        self,
        request: pb.GetFeatureUsageRequest,
        context: grpc.aio.ServicerContext[pb.GetFeatureUsageRequest, pb.GetFeatureUsageResponse],
    ) -> pb.GetFeatureUsageResponse:
        limit = request.limit or DEFAULT_FEATURES
        if limit > MOST_FEATURES:
            raise InvalidInput.of("limit", f"must be between 1 and {MOST_FEATURES}")
        matching, steps = sessions.feature_filter_from(request, self._clock.now())
        found = await self._sessions.features(current_call().tenant, matching, limit)
        return sessions.feature_usage(found, steps)

    async def GetFunnel(
        self,
        request: pb.GetFunnelRequest,
        context: grpc.aio.ServicerContext[pb.GetFunnelRequest, pb.GetFunnelResponse],
    ) -> pb.GetFunnelResponse:
        tenant = current_call().tenant
        question, groups = funnels.question_from(request, self._clock.now()), funnels.groups_from(request)
        columns = await self._funnels.steps_taken(tenant, question)
        found = await asyncio.to_thread(funnel, columns, len(question.steps), question.window_us, groups)
        values = await self._funnels.group_values(tenant, question, list(found.groups))
        return funnels.response(question, found, values)
