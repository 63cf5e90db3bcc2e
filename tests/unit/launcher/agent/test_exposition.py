import pytest

from services.launcher.agent.exposition import readings
from services.launcher.agent.readings import Reading

TEXT = """\
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="get",empty=""} 12
# TYPE temperature_celsius gauge
temperature_celsius{instance="sensor"} 21.5 1700000000000
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} 3
took_seconds_bucket{le="+Inf"} 4
took_seconds_sum 0.7
took_seconds_count 4
# TYPE quiet_seconds summary
quiet_seconds{quantile="0.5"} NaN
quiet_seconds_sum 0
plain 1
"""


def found() -> dict[tuple[str, str], Reading]:
    return {(r.name, r.labels.get("le", "")): r for r in readings(TEXT, "text/plain; version=0.0.4", "h:9100")}


def test_names_and_labels_are_kept_and_the_instance_added() -> None:
    reading = found()["http_requests_total", ""]
    assert (reading.value, reading.labels, reading.kind) == (12, {"method": "get", "instance": "h:9100"}, "counter")


def test_a_label_of_the_source_gives_way_and_its_time_is_kept() -> None:
    reading = found()["temperature_celsius", ""]
    assert reading.labels == {"exported_instance": "sensor", "instance": "h:9100"}
    assert (reading.time, reading.kind) == (1_700_000_000.0, "gauge")


def test_histograms_come_as_their_running_totals() -> None:
    assert found()["took_seconds_bucket", "0.1"].kind == "counter"
    assert found()["took_seconds_sum", ""].value == 0.7


def test_what_is_no_finite_number_is_left_out() -> None:
    assert ("quiet_seconds", "") not in found()
    assert ("plain", "") in found()


def test_openmetrics_is_read_by_its_own_rules() -> None:
    text = "# TYPE jobs counter\n# UNIT jobs_seconds seconds\njobs_total 3.0\n# EOF\n"
    [reading] = readings(text.replace("# UNIT jobs_seconds seconds\n", ""), "application/openmetrics-text", "h")
    assert (reading.name, reading.value, reading.kind) == ("jobs_total", 3.0, "counter")


@pytest.mark.parametrize("text", ["{broken", "metric one\n", "<html></html>"])
def test_what_is_no_exposition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        readings(text, "text/plain", "h")
