"""What else happens when a request succeeds: the shop's and the messaging platform's events."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.launcher.demo import catalogue
from services.launcher.demo.happenings import Event, Value
from services.launcher.demo.stage import Stage
from services.launcher.demo.visitors import Visitor

Story = Callable[[float, Visitor, float], None]
"""Told with the time, the visitor, and the latency of the request in ms."""


class Stories:
    """All stories by name."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._rng = stage, stage.rng
        self._numbers: dict[str, int] = {}
        self._conversations = ["c-1", "c-2", "c-3"]
        self._credits_left: dict[str, int] = {}
        self._delivered = {name: [0, 0, 0] for name in catalogue.CAMPAIGNS}
        self._by_name: dict[str, Story] = {
            "home": lambda time, who, _: self._page(time, who, "/"),
            "listing": lambda time, who, _: self._page(time, who, "/products"),
            "account": self._account,
            "login": self._login,
            "product": self._product,
            "inventory": self._inventory,
            "search": self._search,
            "cart": self._cart,
            "purchase": self._purchase,
            "payment": self._payment,
            "credits": self._credits,
            "sent": self._sent,
            "received": self._received,
            "conversation": self._conversation,
            "campaign": self._campaign,
            "ai": self._ai,
            "erp": self._erp,
            "integration": self._integration,
            "ticket": self._ticket,
        }

    def tell(self, name: str, time: float, visitor: Visitor, latency: float) -> None:
        """Tell the story of that name; none for an empty one."""
        if name:
            self._by_name[name](time, visitor, latency)

    def _event(self, time: float, type_: str, service: str, who: Visitor, **data: Any) -> None:
        self._stage.tell(Event(time, type_, service, data, who.user_id, who.session_id))

    def _number(self, sort: str) -> str:
        self._numbers[sort] = self._numbers.get(sort, 0) + 1
        return f"{sort}-{int(self._stage.start):x}-{self._numbers[sort]:05d}"

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _page(self, time: float, who: Visitor, page: str) -> None:
        self._event(time, "page_view", "frontend", who, page=page, country=who.country)
        load = self._rng.lognormvariate(6.9, 0.45)
        labels = {"service": "frontend", "page": page}
        self._stage.tell(Value(time, "page_load_time", round(load, 1), labels, "ms"))
        if self._chance(0.004):
            self._event(time, "error", "frontend", who, message="undefined is not a function", page=page)
        if self._chance(0.12):
            self._event(time, "feature_used", "frontend", who, feature=self._rng.choice(catalogue.FEATURES))

    def _account(self, time: float, who: Visitor, _latency: float) -> None:
        self._page(time, who, "/account")
        if self._chance(0.3):
            self._spend(time, who, self._rng.randrange(1, 20))

    def _spend(self, time: float, who: Visitor, wanted: int) -> None:
        """Use credits; who never had any is given some, and who has none left uses none, but for a rare mistake."""
        if who.user_id not in self._credits_left:
            self._buy(time, who, catalogue.WELCOME_CREDITS, 0.0)
        left = self._credits_left[who.user_id]
        spent = wanted if self._chance(0.003) else min(wanted, max(0, left))
        if spent:
            self._credits_left[who.user_id] = left - spent
            feature = self._rng.choice(catalogue.FEATURES)
            self._event(time, "credits_used", "accounts", who, credits=spent, feature=feature)

    def _buy(self, time: float, who: Visitor, bought: int, amount: float) -> None:
        self._credits_left[who.user_id] = self._credits_left.get(who.user_id, 0) + bought
        self._event(time, "credits_purchased", "payments", who, credits=bought, amount=amount, currency=who.currency)

    def _login(self, time: float, who: Visitor, _latency: float) -> None:
        self._event(time, "login", "accounts", who, method=self._rng.choice(("password", "password", "oauth")))
        if self._chance(0.05):
            self._event(time, "conversion", "accounts", who, funnel="visitor_to_member", value=0)

    def _product(self, time: float, who: Visitor, _latency: float) -> None:
        product, name, category, price = self._rng.choice(catalogue.PRODUCTS)
        facts = {"product_id": product, "name": name, "category": category, "price": price}
        self._event(time, "product_view", "productcatalog", who, **facts)

    def _inventory(self, time: float, who: Visitor, _latency: float) -> None:
        product = self._rng.choice(catalogue.PRODUCTS)[0]
        change = self._rng.randrange(-5, 50)
        self._event(time, "inventory_update", "productcatalog", who, product_id=product, warehouse="A", change=change)

    def _search(self, time: float, who: Visitor, latency: float) -> None:
        query, results = self._rng.choice(catalogue.QUERIES), self._rng.randrange(0, 80)
        self._event(
            time, "search", "search", who, query=query, results_count=results, took_ms=round(latency, 1),
            autocomplete_used=self._chance(0.5),
        )  # fmt: skip

    def _cart(self, time: float, who: Visitor, _latency: float) -> None:
        product, _name, category, price = self._rng.choice(catalogue.PRODUCTS)
        facts = {
            "product_id": product,
            "category": category,
            "quantity": self._rng.choice((1, 1, 1, 2, 3)),
            "price": price,
        }
        self._event(time, "cart_add", "cart", who, **facts)

    def _purchase(self, time: float, who: Visitor, _latency: float) -> None:
        items = self._rng.choices(catalogue.PRODUCTS, k=self._rng.choice((1, 1, 2, 3)))
        total = round(sum(item[3] for item in items), 2)
        order = self._number("ORDER")
        pieces = [{"product_id": item[0], "quantity": 1, "price": item[3]} for item in items]
        facts = {"order_id": order, "total": total, "currency": who.currency, "items": pieces}
        # Now and then an order is told twice, which breaks a rule of the business.
        for _ in range(2 if self._chance(0.004) else 1):
            self._event(time, "purchase", "checkout", who, **facts)
        if self._chance(0.2):
            converted = {"funnel": "visitor_to_customer", "value": total, "currency": who.currency}
            self._event(time, "conversion", "checkout", who, **converted)

    def _payment(self, time: float, who: Visitor, latency: float) -> None:
        self._called(time, who, catalogue.PARTNERS[2], latency)

    def _credits(self, time: float, who: Visitor, _latency: float) -> None:
        self._buy(time, who, *self._rng.choice(catalogue.CREDIT_PACKS))

    def _sent(self, time: float, who: Visitor, _latency: float) -> None:
        status = self._rng.choices(("delivered", "read", "sent", "failed"), (60, 22, 15, 3))[0]
        self._event(
            time, "MessageSent", "messaging", who, message_id=self._number("m"), to=who.user_id, status=status,
            timestamp=_iso(time), conversation_id=self._rng.choice(self._conversations),
        )  # fmt: skip

    def _received(self, time: float, who: Visitor, _latency: float) -> None:
        text, conversation = self._rng.choice(catalogue.MESSAGES), self._rng.choice(self._conversations)
        self._event(
            time, "MessageReceived", "messaging", who, **{"from": who.user_id, "message": text},
            timestamp=_iso(time), conversation_id=conversation,
        )  # fmt: skip

    def _conversation(self, time: float, who: Visitor, _latency: float) -> None:
        # The oldest of forty falls silent.
        self._conversations = [*self._conversations[-39:], self._number("c")]
        self._event(
            time, "ConversationStarted", "messaging", who,
            conversation_id=self._conversations[-1], customer=who.user_id,
        )  # fmt: skip

    def _campaign(self, time: float, who: Visitor, _latency: float) -> None:
        name = self._rng.choice(catalogue.CAMPAIGNS)
        counts = self._delivered[name]
        sent = self._rng.randrange(20, 200)
        opened = round(sent * self._rng.uniform(0.15, 0.35))
        for place, more in enumerate((sent, opened, round(opened * self._rng.uniform(0.05, 0.25)))):
            counts[place] += more
        facts = dict(zip(("sent", "opened", "clicked"), counts, strict=True))
        self._event(time, "CampaignUpdate", "campaigns", who, campaign_id=name, **facts)

    def _ai(self, time: float, who: Visitor, latency: float) -> None:
        prompt = self._rng.choice(catalogue.PROMPTS)
        tokens = round(self._rng.lognormvariate(6.0, 0.6))
        model, provider, price = self._rng.choice(catalogue.MODELS)
        self._event(
            time, "AIInteraction", "assistant", who, user=who.user_id, prompt=prompt, response="…", tokens=tokens,
            model=model, provider=provider, cost=round(tokens * price / 1_000, 6), currency="USD",
            latency_ms=round(latency, 1), success=self._chance(0.985),
        )  # fmt: skip
        self._called(time, who, catalogue.PARTNERS[0], latency * 0.9)

    def _erp(self, time: float, who: Visitor, latency: float) -> None:
        provider, endpoint = self._rng.choice(catalogue.ERPS)
        self._event(time, "ERPCall", "integrations", who, **self._answered(provider, endpoint, latency, 0.985))

    def _integration(self, time: float, who: Visitor, latency: float) -> None:
        self._called(time, who, self._rng.choice(catalogue.PARTNERS), latency)

    def _called(self, time: float, who: Visitor, partner: tuple[str, str], latency: float) -> None:
        provider, endpoint = partner
        self._event(time, "integration_call", "integrations", who, **self._answered(provider, endpoint, latency, 0.99))

    def _answered(self, provider: str, endpoint: str, latency: float, good: float) -> dict[str, Any]:
        facts = {"provider": provider, "endpoint": endpoint, "response_time": round(latency, 1)}
        if self._chance(good):
            return {**facts, "success": True}
        return {**facts, "success": False, "error_kind": self._rng.choice(catalogue.FAILURES)}

    def _ticket(self, time: float, who: Visitor, _latency: float) -> None:
        ticket, issue = self._number("t"), self._rng.choice(catalogue.ISSUES)
        self._event(time, "TicketCreated", "support", who, ticket_id=ticket, customer=who.user_id, issue=issue)


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
