"""What came most: searches, features and goods, by one reading of the events."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import MICROS, Bindings, within
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import MOST, REAL, WHOLE, Groups, RowMerging
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.ports.business import Frequent, Product

_ITEMS = "items Array(Tuple(product_id String, quantity Nullable(Float64)))"
_SHAPE = f"query String, feature String, product_id String, name String, {_ITEMS}"
# Sort, name and pieces sold of all that an event names.
_NAMED = (
    "multiIf(type = 'purchase', arrayMap(item -> ('product', item.1, ifNull(item.2, 1.)), told.items),"
    " type = 'feature_used', [('feature', told.feature, 0.)],"
    " type IN ('product_view', 'cart_add'), [('product', told.product_id, 0.)],"
    " [('query', lowerUTF8(told.query), 0.)])"
)


# Key: sort and name; figures: times, place and title of the newest that told one, views, adds, pieces sold.
_NAMES = RowMerging(2, (WHOLE, MOST, WHOLE, WHOLE, REAL))


def frequent_of(tenant: str, types: Sequence[str]) -> Sliced[Groups]:
    """All names that events of some types tell."""

    def ask(part: Part, place: str) -> TenantQuery:
        bound = Bindings()
        read = TenantQuery(
            tenant,
            "events",
            (
                f"{place.format(MICROS)} AS part",
                "type",
                f"({MICROS}, journal_id, offset, row) AS place",
                f"JSONExtract(data, 'Tuple({_SHAPE})') AS told",
            ),
            (*within(bound, part.start_us, part.end_us), f"type IN {bound.texts(types)}"),
            bound.values,
        )
        named = TenantQuery(
            tenant, read, ("part", "type", "place", "told.name AS title", f"arrayJoin({_NAMED}) AS what")
        )
        return TenantQuery(
            tenant,
            named,
            (
                "part",
                "what.1 AS sort",
                "what.2 AS name",
                "count()",
                "maxIf((place, title), title != '')",
                "countIf(type = 'product_view')",
                "countIf(type = 'cart_add')",
                "sum(what.3)",
            ),
            ("what.2 != ''",),
            group_by="part, sort, name",
        )

    return Sliced("events", ask, _NAMES)


def frequent(groups: Groups, limit: int) -> Frequent:
    """The most frequent names of each sort: goods by views, others by how often they came."""
    products = [
        Product(name, title, views, adds, sold)
        for (sort, name), (_times, (_place, title), views, adds, sold) in groups.items()
        if sort == "product"
    ]
    times = {one.product_id: groups[("product", one.product_id)][0] for one in products}
    products.sort(key=lambda one: (-one.views, -one.cart_adds, -times[one.product_id], one.product_id))
    return Frequent(_named(groups, "query", limit), _named(groups, "feature", limit), products[:limit])


def _named(groups: Groups, sort: str, limit: int) -> list[tuple[str, int]]:
    found = [(name, int(figures[0])) for (kind, name), figures in groups.items() if kind == sort]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:limit]
