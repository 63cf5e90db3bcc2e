"""The order of services."""

from tools.openapi import tags


def test_groups_keep_their_order_and_leave_nothing_out() -> None:
    services = {
        "NewService": "New.",
        "LogService": "Logs.",
        "DashboardService": "Dashboard.",
        "EventService": "Events.",
    }
    assert tags.groups(services) == [
        {"name": "Look", "tags": ["DashboardService"]},
        {"name": "Events, logs, traces", "tags": ["EventService", "LogService"]},
        {"name": "More", "tags": ["NewService"]},
    ]
    assert [tag["name"] for tag in tags.tags(services)] == [
        "DashboardService",
        "EventService",
        "LogService",
        "NewService",
    ]
    assert tags.tags(services)[0] == {"name": "DashboardService", "description": "Dashboard."}
