"""Machines as messages."""

from collections.abc import Mapping

from binnacle.aggregator.v1 import machine_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import at_second
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.machine_reports import PRESENT_MS, MachineReport, SystemReport
from services.core import conventions


def report(found: SystemReport) -> pb.GetSystemFiguresResponse:
    """All machines."""
    return pb.GetSystemFiguresResponse(
        machines=[_machine(one, found) for one in found.machines],
        database_connections=sum(found.databases.values()) if found.databases else None,
        databases=[
            pb.DatabaseConnections(database=name, connections=count) for name, count in sorted(found.databases.items())
        ],
        step_seconds=found.steps.seconds,
    )


def _machine(found: MachineReport, among: SystemReport) -> pb.Machine:
    figures = found.figures
    return pb.Machine(
        host=found.host,
        seen_time=timestamp(found.seen_ms * 1_000),
        present=among.end_ms - found.seen_ms < PRESENT_MS,
        cpu_percent=figures.get(conventions.SYSTEM_CPU),
        memory_percent=figures.get(conventions.SYSTEM_MEMORY),
        disk_percent=figures.get(conventions.SYSTEM_DISK),
        network_receive_bytes_per_second=figures.get(conventions.SYSTEM_RECEIVE),
        network_transmit_bytes_per_second=figures.get(conventions.SYSTEM_TRANSMIT),
        disks=[pb.Disk(mount=mount, used_percent=used) for mount, used in sorted(found.disks.items())],
        processes=[
            pb.Process(
                name=name,
                cpu_percent=told.get(conventions.PROCESS_CPU),
                memory_bytes=told.get(conventions.PROCESS_MEMORY),
            )
            for name, told in sorted(found.processes.items())
        ],
        points=[_point(among.steps, place, figures) for place, figures in enumerate(found.points)],
    )


def _point(steps: ZonedSteps, place: int, figures: Mapping[str, float]) -> pb.MachinePoint:
    return pb.MachinePoint(
        start_time=at_second(steps.edges[place]),
        cpu_percent=figures.get(conventions.SYSTEM_CPU),
        memory_percent=figures.get(conventions.SYSTEM_MEMORY),
        disk_percent=figures.get(conventions.SYSTEM_DISK),
        network_receive_bytes_per_second=figures.get(conventions.SYSTEM_RECEIVE),
        network_transmit_bytes_per_second=figures.get(conventions.SYSTEM_TRANSMIT),
    )
