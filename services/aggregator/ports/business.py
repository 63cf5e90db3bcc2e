"""What business figures are made of. Amounts are whole millionths, so that no order of rows changes a sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Period:
    """Microseconds since the Unix epoch; the end is not within. `starts` are those of steps, in Unix seconds."""

    from_us: int
    to_us: int
    starts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """Millionths of the amounts that were told, and how many told one."""

    millionths: int = 0
    told: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.millionths + other.millionths, self.told + other.told)

    @property
    def amount(self) -> float:
        """The sum in units."""
        return self.millionths / 1_000_000

    @property
    def average(self) -> float:
        """The average in units; 0 where none was told."""
        return self.amount / self.told if self.told else 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Events of one type that are alike; what key and amounts hold depends on the type:

    type                 key      second    amount   other    third       failed
    purchase                                total
    conversion           funnel             value
    credits_purchased                       credits  amount
    credits_used         feature            credits
    MessageSent          status                                           status failed
    TicketCreated        issue
    AIInteraction        model    provider  tokens   cost     latency_ms  without success
    search                                  results                       without results

    `largest` is the largest amount in millionths. Over time, `step` is the start of the step, and key and second are
    empty; it is 0 for those of the whole period.
    """

    step: int
    type: str
    key: str
    second: str
    currency: str
    count: int
    failed: int
    amount: Sum
    other: Sum
    third: Sum
    largest: int = 0


@dataclass(frozen=True, slots=True)
class People:
    """Distinct sessions and people of a period."""

    sessions: int
    converting_sessions: int
    buyers: int
    model_users: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a campaign added within a period, in millionths, and its last totals."""

    campaign_id: str
    sent: int
    opened: int
    clicked: int
    total_sent: int
    total_opened: int
    total_clicked: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Product:
    """One of the goods."""

    product_id: str
    name: str
    views: int
    cart_adds: int
    sold: float


@dataclass(frozen=True, slots=True)
class Talk:
    """Traffic of a conversation: its id or, where a message names none, the other party."""

    conversation_id: str
    party: str


@dataclass(frozen=True, slots=True)
class RevenueSample:
    """Increments of the metric `revenue` in one currency; `step` as in Cell."""

    step: int
    currency: str
    millionths: int


@dataclass(frozen=True, slots=True)
class Frequent:
    """What came most: searches and features with their counts, and goods by views."""

    queries: Sequence[tuple[str, int]] = ()
    features: Sequence[tuple[str, int]] = ()
    products: Sequence[Product] = ()


class BusinessReader(Protocol):
    """Asks for what figures are made of. Methods raise what adapters/clickhouse/reader.py says."""

    async def cells(self, tenant: str, period: Period, types: Sequence[str]) -> Sequence[Cell]:
        """Alike events of some types; where the period has steps those of each step too, as of the same moment."""
        ...

    async def people(self, tenant: str, period: Period, types: Sequence[str]) -> Mapping[int, People]:
        """Distinct sessions and people of events of some types, of all when there are none: by step, 0 for all."""
        ...

    async def campaigns(self, tenant: str, period: Period) -> tuple[Sequence[Campaign], Mapping[int, int]]:
        """What campaigns added, most sent first; more than 1,000 are cut off. By step, what all added to `sent`."""
        ...

    async def talk_steps(self, tenant: str, period: Period) -> Mapping[int, int]:
        """Distinct conversations with traffic in each step; what names none counts by its party."""
        ...

    async def talks(self, tenant: str, from_us: int, to_us: int) -> Sequence[Talk]:
        """Traffic of conversations, each once."""
        ...

    async def started_talks(self, tenant: str, from_us: int, to_us: int) -> Mapping[str, str]:
        """The newest conversation that was started with each party."""
        ...

    async def frequent(self, tenant: str, period: Period, types: Sequence[str], limit: int) -> Frequent:
        """What came most in events of some types, at most `limit` of each sort."""
        ...

    async def revenue(self, tenant: str, period: Period, now_us: int) -> Sequence[RevenueSample]:
        """Increments of the metric `revenue`, over time where the period has steps."""
        ...
