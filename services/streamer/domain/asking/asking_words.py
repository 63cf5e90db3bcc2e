"""Words that say how something is shown, ranked, or made one number of; and those that say nothing."""

from collections.abc import Mapping

from services.streamer.domain.asking.building import Statistic

FILLERS = frozenset({
    "a", "an", "the", "of", "in", "on", "at", "for", "to", "from", "me", "us", "my", "our", "we", "i", "you",
    "please", "show", "give", "get", "plot", "draw", "graph", "chart", "display", "tell", "see", "what", "whats",
    "is", "are", "was", "were", "be", "been", "do", "does", "did", "how", "many", "much", "it", "its", "with", "and",
    "or", "over", "time", "all", "that", "which", "who", "there", "per", "by", "as", "has", "have", "had", "want",
    "need", "like", "look", "looks", "find", "list", "compare", "compared", "trend", "course", "history",
    "count", "everything", "into", "across", "current", "number", "one", "ones",
    "going", "go", "goes", "happening", "happen", "made", "make", "takes", "take", "any", "during", "so", "can",
    "could", "would", "using", "used", "uses", "use", "right", "up", "throwing", "throw", "throws",
    "far", "often", "anything", "something", "ever", "seeing", "having", "getting", "giving", "returning", "serving",
    "they",
})  # fmt: skip
VALUES = frozenset({"value", "values"})
"""They say nothing of what is measured; `order value` is not how many orders there were."""
STATISTICS: Mapping[str, Statistic] = {
    **dict.fromkeys(("average", "avg", "mean", "typical"), Statistic("average")),
    **dict.fromkeys(
        ("maximum", "max", "peak", "highest", "greatest", "largest", "worst", "biggest"), Statistic("maximum")
    ),
    **dict.fromkeys(("minimum", "min", "lowest", "smallest", "least"), Statistic("minimum")),
    **dict.fromkeys(("total", "sum", "combined", "overall", "altogether"), Statistic("sum")),
    **dict.fromkeys(("increase", "growth", "grown"), Statistic("increase")),
    "median": Statistic("quantile", 0.5),
    "tail": Statistic("quantile", 0.99),
}  # fmt: skip
TOP = (
    "top",
    "topk",
    "most",
    "highest",
    "busiest",
    "slowest",
    "worst",
    "greatest",
    "largest",
    "biggest",
    "fullest",
    "heaviest",
    "longest",
    "hottest",
)
BOTTOM = (
    "bottom",
    "bottomk",
    "least",
    "lowest",
    "fewest",
    "fastest",
    "smallest",
    "quietest",
    "best",
    "emptiest",
    "lightest",
    "shortest",
    "coldest",
)
WIDGETS: Mapping[str, str] = {
    "table": "table", "gauge": "gauge", "bar chart": "bar", "bars": "bar", "bar graph": "bar", "area chart": "area",
    "stacked": "stacked", "stacked chart": "stacked", "heat map": "heat_map", "heatmap": "heat_map",
    "histogram": "histogram", "distribution": "histogram", "line chart": "line", "line": "line", "lines": "line",
    "single number": "number", "big number": "number", "single value": "number", "area": "area", "toplist": "top_list",
    "top list": "top_list", "line graph": "line", "stacked area": "stacked", "bar": "bar",
}  # fmt: skip
NUMBER = ("how many", "how much", "how often", "what is the", "what's the", "what was the", "whats the")
MEANT = (*STATISTICS, *TOP, *BOTTOM, *WIDGETS, "percentile", "quantile")
"""Words that say something, however they are misspelt."""
