import dataclasses
from itertools import product

import pytest

from services.aggregator.adapters.clickhouse.statements import TenantQuery


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
