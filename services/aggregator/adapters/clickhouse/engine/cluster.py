"""The schema on a cluster: each statement that changes it, told for one server, as what a cluster needs for the same.

Tables of data are sharded: rows in `<table>_local`, replicated within the shard, and `<table>` in front of all shards.
The key of a row never changes, so that the repetition of a segment meets the same shards with the same tokens: by
journal where rows have one, else by series, whose roll-ups then lie where its samples do. All other tables are small
and are asked for by every query or must have one order: they are replicated whole to every node.
"""

import re
from collections.abc import Mapping

_JOURNAL, _SERIES = "cityHash64(journal_id)", "cityHash64(tenant, series_id)"
SHARDED: Mapping[str, str] = {
    **dict.fromkeys(("events", "logs", "heartbeats", "signals", "spans", "intake_warnings"), _JOURNAL),
    **dict.fromkeys(("samples", "histograms", "exponential_histograms", "summaries", "exemplars"), _SERIES),
    **dict.fromkeys(("rollup_minutes", "rollup_hours", "rollup_days", "imported_rollups"), _SERIES),
}
SETTINGS: Mapping[str, str | int] = {
    # An insert has succeeded when every shard has it, on a majority of its replicas.
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    "insert_quorum_parallel": 0,
    "select_sequential_consistency": 1,
    "distributed_product_mode": "global",
    "alter_sync": 2,
}
"""What every statement of a client of a cluster is sent with."""

_COMMENTS = re.compile(r"\A(?:\s*--[^\n]*\n)+\s*")
_TABLE = re.compile(
    r"CREATE TABLE IF NOT EXISTS (\w+) (\(.*\))\s*ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?\s*(.*)", re.DOTALL
)
_ALTER = re.compile(r"ALTER TABLE (\w+)\s+(.*)", re.DOTALL)
_VIEW = re.compile(r"CREATE VIEW IF NOT EXISTS (\w+)\s+(.*)", re.DOTALL)
_DROP = re.compile(r"DROP TABLE IF EXISTS (\w+)\s*\Z")
_DATABASE = re.compile(r"CREATE DATABASE IF NOT EXISTS (\S+)\s*\Z")
_OF_COLUMNS = re.compile(r"(ADD|DROP|MODIFY|RENAME) COLUMN\b")


def on_cluster(sql: str, cluster: str) -> list[str]:
    """The statements for a cluster that stand for one for a single server; any other statement as it is."""
    bare = _COMMENTS.sub("", sql).strip()
    on = f"ON CLUSTER `{cluster}`"
    if found := _TABLE.match(bare):
        return _tables(found, cluster)
    if found := _ALTER.match(bare):
        table, change = found[1], found[2]
        changes = [f"ALTER TABLE {_local(table)} {on} {change}"]
        if table in SHARDED and _OF_COLUMNS.match(change):
            changes.append(f"ALTER TABLE {table} {on} {_without_codec(change)}")
        return changes
    if found := _VIEW.match(bare):
        return [f"CREATE VIEW IF NOT EXISTS {found[1]} {on} {found[2]}"]
    if found := _DROP.match(bare):
        return [f"DROP TABLE IF EXISTS {name} {on} SYNC" for name in dict.fromkeys((found[1], _local(found[1])))]
    if found := _DATABASE.match(bare):
        return [f"CREATE DATABASE IF NOT EXISTS {found[1]} {on}"]
    return [sql]


def _tables(found: re.Match[str], cluster: str) -> list[str]:
    name, columns, engine, arguments, rest = found.groups()
    shard = "{shard}" if name in SHARDED else "all"
    given = f", {arguments}" if arguments else ""
    place = f"'/clickhouse/tables/{shard}/{{database}}/{name}', '{{replica}}-{{shard}}'"
    rest = rest.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
    head = f"CREATE TABLE IF NOT EXISTS {_local(name)} ON CLUSTER `{cluster}` {columns}"
    made = [f"{head} ENGINE = Replicated{engine}({place}{given}) {rest}"]
    if name in SHARDED:
        made.append(
            f"CREATE TABLE IF NOT EXISTS {name} ON CLUSTER `{cluster}` AS {_local(name)}"
            f" ENGINE = Distributed('{cluster}', currentDatabase(), '{_local(name)}', {SHARDED[name]})"
        )
    return made


def _local(table: str) -> str:
    return f"{table}_local" if table in SHARDED else table


def _without_codec(change: str) -> str:
    # The table in front of the shards keeps nothing.
    return re.sub(r" CODEC\((?:[^()]|\([^()]*\))*\)", "", change)
