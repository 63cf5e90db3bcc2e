"""What came most: searches, features and goods, by one reading of the events."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import PLACE, Bindings, within
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.business import Frequent, Period, Product

_ITEMS = "items Array(Tuple(product_id String, quantity Nullable(Float64)))"
_SHAPE = f"query String, feature String, product_id String, name String, {_ITEMS}"
# Sort, name and pieces sold of all that an event names.
_NAMED = (
    "multiIf(type = 'purchase', arrayMap(item -> ('product', item.1, ifNull(item.2, 1.)), told.items),"
    " type = 'feature_used', [('feature', told.feature, 0.)],"
    " type IN ('product_view', 'cart_add'), [('product', told.product_id, 0.)],"
    " [('query', lowerUTF8(told.query), 0.)])"
)


def frequent_query(tenant: str, period: Period, types: Sequence[str], limit: int) -> TenantQuery:
    """The most frequent names of each sort."""
    bound = Bindings()
    read = TenantQuery(
        tenant,
        "events",
        ("type", f"{PLACE} AS place", f"JSONExtract(data, 'Tuple({_SHAPE})') AS told"),
        (*within(bound, period.from_us, period.to_us), f"type IN {bound.texts(types)}"),
        bound.values,
    )
    named = TenantQuery(tenant, read, ("type", "place", "told.name AS title", f"arrayJoin({_NAMED}) AS what"))
    return TenantQuery(
        tenant,
        named,
        (
            "what.1 AS sort",
            "what.2 AS name",
            "count() AS times",
            "argMaxIf(title, place, title != '')",
            "countIf(type = 'product_view') AS views",
            "countIf(type = 'cart_add') AS adds",
            "sum(what.3)",
        ),
        ("what.2 != ''",),
        group_by="sort, name",
        order_by="views DESC, adds DESC, times DESC, name",
        limit_by=f"{int(limit)} BY sort",
    )


def frequent(rows: Sequence[Row]) -> Frequent:
    """The rows of `frequent_query`."""
    return Frequent(
        [(name, times) for sort, name, times, *_rest in rows if sort == "query"],
        [(name, times) for sort, name, times, *_rest in rows if sort == "feature"],
        [
            Product(name, title, views, adds, float(sold))
            for sort, name, _times, title, views, adds, sold in rows
            if sort == "product"
        ],
    )
