"""Questions about one metric, as a URL asks them."""

import re
from collections.abc import Mapping

from binnacle.aggregator.v1 import time_series_service_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.core.errors import InvalidInput

_CONDITION = re.compile(r"([^=!~]+)(=~|!~|!=|=)(.*)", re.DOTALL)
_QUANTILE = re.compile(r"p(\d{1,4})")
_COMPARISONS = {
    "=": query_pb2.Matcher.OPERATOR_EQUAL,
    "!=": query_pb2.Matcher.OPERATOR_NOT_EQUAL,
    "=~": query_pb2.Matcher.OPERATOR_MATCHES,
    "!~": query_pb2.Matcher.OPERATOR_NOT_MATCHES,
}


def query_from(asked: pb.QueryMetricRequest) -> query_pb2.TimeSeriesQuery:
    """The same question in full. Raises InvalidInput."""
    query = query_pb2.TimeSeriesQuery()
    for name in ("start_time", "end_time", "step"):
        if asked.HasField(name):
            getattr(query, name).CopyFrom(getattr(asked, name))
    expression = query.expressions.add()
    selection = expression.selection
    selection.metric = asked.metric
    for place, condition in enumerate(asked.match):
        parts = _CONDITION.fullmatch(condition)
        if parts is None:
            raise InvalidInput.of(f"match[{place}]", "must be a label, one of = != =~ !~, and a value")
        label, comparison, value = parts.groups()
        selection.matchers.add(label=label, operator=_COMPARISONS[comparison], value=value)
    function, share = _word("function", asked.function, _FUNCTIONS, query_pb2.FUNCTION_QUANTILE)
    selection.function, selection.quantile = query_pb2.Function.ValueType(function), share
    if asked.aggregation or asked.by:
        quantiles = query_pb2.Grouping.AGGREGATION_QUANTILE
        aggregation, share = _word("aggregation", asked.aggregation, _AGGREGATIONS, quantiles)
        selection.grouping.aggregation = query_pb2.Grouping.Aggregation.ValueType(aggregation)
        selection.grouping.quantile = share
        selection.grouping.by.extend(asked.by)
    if asked.top:
        expression.ranking.count = asked.top
    return query


def _words(values: Mapping[str, int], prefix: str) -> dict[str, int]:
    named = {name.removeprefix(prefix).lower(): number for name, number in values.items()}
    return {"": 0, **{name: number for name, number in named.items() if number and name != "quantile"}}


_FUNCTIONS = _words(dict(query_pb2.Function.items()), "FUNCTION_")
_AGGREGATIONS = _words(dict(query_pb2.Grouping.Aggregation.items()), "AGGREGATION_")


def _word(field: str, given: str, words: Mapping[str, int], quantiles: int) -> tuple[int, float]:
    """The number of a word, and the share of a quantile: p95 is 0.95, p999 is 0.999."""
    quantile = _QUANTILE.fullmatch(given)
    if quantile is not None:
        digits = quantile.group(1)
        return quantiles, 1.0 if digits == "100" else int(digits) / 10 ** max(len(digits), 2)
    if given not in words:
        raise InvalidInput.of(field, f"must be one of {', '.join(filter(None, words))}, or a quantile such as p95")
    return words[given], 0.0
