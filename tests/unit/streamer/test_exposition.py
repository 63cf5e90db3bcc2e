"""Metrics of several processes make one valid text."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.runtime.exposition import exposition
from services.streamer.adapters.tally_metrics import TallyMetrics
from services.streamer.convert.exposition import merged_exposition
from services.streamer.domain.tally import GRPC, Tally


def text_of(process: str, value: float) -> str:
    registry = CollectorRegistry()
    Counter("calls", "Calls.", ("method",), registry=registry).labels('get "x"\n').inc(value)
    Gauge("open_files", "Files.", registry=registry).set(value)
    Histogram("duration_seconds", "Duration.", buckets=(1.0,), registry=registry).observe(value)
    return exposition(registry, process)


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_sample_has_its_process() -> None:
    got = samples(merged_exposition({"a": text_of("a", 1.0), "b": text_of("b", 2.0)}, "acme"))
    method = ("method", 'get "x"\n')
    assert got["calls_total", (method, ("process", "a"))] == 1.0
    assert got["calls_total", (method, ("process", "b"))] == 2.0
    assert got["open_files", (("process", "b"),)] == 2.0
    assert got["duration_seconds_bucket", (("le", "1.0"), ("process", "a"))] == 1.0
    assert got["duration_seconds_bucket", (("le", "1.0"), ("process", "b"))] == 0.0
    assert got["duration_seconds_count", (("process", "b"),)] == 1.0


def test_each_family_is_described_once() -> None:
    lines = merged_exposition({"a": text_of("a", 1.0), "b": text_of("b", 2.0)}, "acme").decode().splitlines()
    described = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(described) == len(set(described))
    assert "# TYPE calls_total counter" in lines
    assert "# TYPE duration_seconds histogram" in lines
    assert lines.count("# HELP calls_total Calls.") == 1


def test_every_kind_stays_as_it_was_told() -> None:
    registry = CollectorRegistry()
    Summary("size", "Size.", ("of",), registry=registry).labels("x").observe(3)
    Info("build", "Build,\nof today.", registry=registry).info({"version": "1"})
    registry.register(TallyMetrics(Tally()))
    texts = {name: exposition(registry, name) for name in ("a", "b")}
    alone = [samples(text.encode()) for text in texts.values()]
    up: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {
        ("binnacle_part_up", (("process", name),)): 1.0 for name in texts
    }
    assert samples(merged_exposition(texts, "acme")) == alone[0] | alone[1] | up


def test_other_tenants_samples_are_left_out_whatever_values_hold() -> None:
    registry = CollectorRegistry()
    seen = Counter("seen", "Seen.", ("path", "tenant"), registry=registry)
    for path in ("/", '",tenant="acme', "\n# HELP seen_total x", "a\u2028b\\"):
        for tenant in ("acme", "other"):
            seen.labels(path, tenant).inc()
    told = merged_exposition({"a": exposition(registry, "a")}, "acme")
    counted = [dict(labels) for name, labels in samples(told) if name == "seen_total"]
    assert [labels["tenant"] for labels in counted] == ["acme"] * 4
    assert {labels["path"] for labels in counted} == {"/", '",tenant="acme', "\n# HELP seen_total x", "a\u2028b\\"}
    assert b"other" not in told


def test_a_process_that_does_not_answer_is_told() -> None:
    got = samples(merged_exposition({"a": text_of("a", 1.0), "b": None}, "acme"))
    assert got["binnacle_part_up", (("process", "a"),)] == 1.0
    assert got["binnacle_part_up", (("process", "b"),)] == 0.0


def test_the_tally_is_shown() -> None:
    tally = Tally(watches=2, conflated=3, slow=4, losses=5)
    tally.connected[GRPC] = 6
    tally.sent[GRPC] = 7
    tally.ages.add(0.02)
    tally.ages.add(60.0)
    registry = CollectorRegistry()
    registry.register(TallyMetrics(tally))
    got = samples(generate_latest(registry))
    assert got["binnacle_streamer_connections", (("kind", "grpc"),)] == 6
    assert got["binnacle_streamer_connections", (("kind", "websocket"),)] == 0
    assert got["binnacle_streamer_messages_sent_total", (("kind", "grpc"),)] == 7
    assert got["binnacle_streamer_upstream_watches", ()] == 2
    assert got["binnacle_streamer_conflated_updates_total", ()] == 3
    assert got["binnacle_streamer_slow_viewers_ended_total", ()] == 4
    assert got["binnacle_streamer_upstream_losses_total", ()] == 5
    assert got["binnacle_streamer_delivery_age_seconds_bucket", (("le", "0.01"),)] == 0
    assert got["binnacle_streamer_delivery_age_seconds_bucket", (("le", "0.025"),)] == 1
    assert got["binnacle_streamer_delivery_age_seconds_bucket", (("le", "+Inf"),)] == 2
    assert got["binnacle_streamer_delivery_age_seconds_count", ()] == 2
