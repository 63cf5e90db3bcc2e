from services.launcher.demo.happenings import Span, Trace
from services.launcher.demo.span_sender import request_of


def test_spans_are_marked_and_stand_by_service() -> None:
    root = Span(1_000.0, "GET /", "web", "aa" * 8, "", 50.0, True, {"http.response.status_code": 500})
    call = Span(1_000.01, "GET /cart", "web", "bb" * 8, "aa" * 8, 20.0, True, {}, calls=True)
    answer = Span(1_000.02, "GET /cart", "cart", "cc" * 8, "bb" * 8, 10.0, False)
    request = request_of([Trace(1_000.05, "dd" * 16, (root, call, answer))])
    services = {}
    for by_resource in request.resource_spans:
        about = {each.key: each.value for each in by_resource.resource.attributes}
        assert about["demo"].bool_value
        services[about["service.name"].string_value] = by_resource.scope_spans[0].spans
    first, second = services["web"]
    assert (first.kind, second.kind, services["cart"][0].kind) == (1, 3, 1)
    assert (first.status.code, services["cart"][0].status.code) == (2, 0)
    assert second.parent_span_id == first.span_id == bytes.fromhex("aa" * 8)
    assert first.end_time_unix_nano - first.start_time_unix_nano == 50_000_000
    assert first.attributes[0].value.int_value == 500
