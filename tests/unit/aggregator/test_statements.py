import dataclasses
from itertools import product

import pytest

from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery, Union


def test_every_query_names_its_tenant_as_a_parameter() -> None:
    for committed, where in product((False, True), ((), ("type = 'a' OR 1 = 1",))):
        query = TenantQuery("t'; --", "events", ("count()",), where, committed=committed)
        statement = query.statement()
        assert "WHERE tenant = {tenant:String}" in statement.sql
        assert "t'; --" not in statement.sql
        assert statement.parameters["tenant"] == "t'; --"


def test_conditions_cannot_widen_a_query() -> None:
    query = TenantQuery("a", "events", ("count()",), ("type = 'a' OR 1 = 1",))
    assert query.statement().sql.endswith("WHERE tenant = {tenant:String} AND (type = 'a' OR 1 = 1)")


def test_parameters_cannot_change_the_tenant() -> None:
    assert TenantQuery("a", "events", ("1",), parameters={"tenant": "b"}).statement().parameters["tenant"] == "a"


def test_a_query_without_a_tenant_cannot_be_built() -> None:
    [tenant, *_others] = dataclasses.fields(TenantQuery)
    assert (tenant.name, tenant.default) == ("tenant", dataclasses.MISSING)
    with pytest.raises(TypeError):
        TenantQuery(table="events", columns=("1",))  # type: ignore[call-arg]


def test_a_query_over_a_query_is_about_the_tenant_of_that_query() -> None:
    inner = TenantQuery(
        "a", "events", ("type", "count() AS n"), ("type = {type:String}",), {"type": "x"}, group_by="type"
    )
    outer = TenantQuery("a", inner, ("max(n)",), ("n > {least:UInt64}",), {"least": 2})
    statement = outer.statement()
    assert statement.sql == (
        "SELECT max(n) FROM (SELECT type, count() AS n FROM events WHERE tenant = {tenant:String}"
        " AND (type = {type:String}) GROUP BY type) WHERE (n > {least:UInt64})"
    )
    assert statement.parameters == {"tenant": "a", "type": "x", "least": 2}


def test_a_joined_query_names_its_own_tenant() -> None:
    joined = TenantQuery("a", "series", ("id AS series_id", "name"), final=True)
    query = TenantQuery(
        "a", "samples", ("name", "count()"), joins=(Join("INNER", joined, "series_id"),), group_by="name"
    )
    assert query.statement().sql == (
        "SELECT name, count() FROM samples INNER JOIN (SELECT id AS series_id, name FROM series FINAL"
        " WHERE tenant = {tenant:String}) AS joined USING (series_id) WHERE tenant = {tenant:String} GROUP BY name"
    )


def test_parts_about_different_tenants_cannot_be_put_together() -> None:
    other = TenantQuery("b", "series", ("id AS series_id",))
    with pytest.raises(ValueError, match="same tenant"):
        TenantQuery("a", other, ("series_id",))
    with pytest.raises(ValueError, match="same tenant"):
        TenantQuery("a", "samples", ("count()",), joins=(Join("INNER", other, "series_id"),))


def test_a_union_is_about_one_tenant() -> None:
    parts = tuple(TenantQuery("a", table, ("time", "service")) for table in ("events", "logs"))
    statement = TenantQuery(
        "a", Union(parts), ("service", "count()"), ("service != ''",), group_by="service"
    ).statement()
    assert statement.sql == (
        "SELECT service, count() FROM ((SELECT time, service FROM events WHERE tenant = {tenant:String}) UNION ALL"
        " (SELECT time, service FROM logs WHERE tenant = {tenant:String})) WHERE (service != '') GROUP BY service"
    )
    with pytest.raises(ValueError, match="same tenant"):
        TenantQuery("a", Union((*parts, TenantQuery("b", "spans", ("time", "service")))), ("1",))


def test_what_is_joined_to_a_query_has_a_name_beside_it() -> None:
    inner = TenantQuery("a", "spans", ("trace_id AS link",))
    joined = TenantQuery("a", "logs", ("trace_id AS link", "message"))
    statement = TenantQuery("a", inner, ("message",), joins=(Join("INNER", joined, "link"),)).statement()
    assert statement.sql == (
        "SELECT message FROM (SELECT trace_id AS link FROM spans WHERE tenant = {tenant:String}) AS source INNER JOIN"
        " (SELECT trace_id AS link, message FROM logs WHERE tenant = {tenant:String}) AS joined USING (link)"
    )


def test_conditions_on_the_key_are_said_to_be_such() -> None:
    query = TenantQuery("a", "samples", ("time",), ("series_id = 1",), keyed=True)
    assert query.statement().sql == "SELECT time FROM samples PREWHERE tenant = {tenant:String} AND (series_id = 1)"
