from services.aggregator.domain.findings.service_map import Node, service_map
from services.aggregator.ports.traces import Calls


def test_nodes_are_whoever_calls_or_is_called() -> None:
    answered = [Calls("a", "b", 10, 1, 5.0, 9.0), Calls(None, "b", 12, 2, 6.0, 9.5)]
    unanswered = [Calls("b", "orders", 3, 0, 1.0, 2.0, "database"), Calls("c", "orders", 1, 1, 7.0, 7.0, "database")]
    found = service_map(answered, unanswered)
    assert list(found.nodes) == [
        Node("a", "service"),
        Node("b", "service", 12, 2, 6.0, 9.5),
        Node("c", "service"),
        Node("orders", "database", 4, 1, 1.0, 2.0),
    ]
    assert [(edge.caller, edge.callee, edge.calls) for edge in found.edges] == [
        ("a", "b", 10),
        ("b", "orders", 3),
        ("c", "orders", 1),
    ]


def test_calls_with_and_without_an_answer_are_one_edge() -> None:
    answered = [Calls("a", "b", 8, 0, 1.0, 2.0), Calls(None, "b", 8, 0, 1.0, 2.0)]
    found = service_map(answered, [Calls("a", "b", 2, 2, 30.0, 30.0, "external")])
    assert list(found.edges) == [Calls("a", "b", 10, 2, 1.0, 2.0)]
    assert list(found.nodes) == [Node("a", "service"), Node("b", "service", 10, 2, 1.0, 2.0)]
