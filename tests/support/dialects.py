"""What the hub would hand to a dialect."""

from binnacle.aggregator.v1 import tail_service_pb2 as pb
from services.streamer.convert.rows import rows_from
from services.streamer.domain.deliveries import Batch, Standing
from services.streamer.ports import Position


def batch(*rows: pb.TailRow, tenant: str = "default", logs: bool = False, left_out: int = 0) -> Batch:
    """Rows as a subscription is told them."""
    told = rows_from(pb.TailRows(rows=rows))
    return Batch(told.rows, Standing(tenant, logs, Position({}, 0.0)), left_out=left_out)
