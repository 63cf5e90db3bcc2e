"""Remote writes as Prometheus would send them."""

from collections.abc import Mapping, Sequence

import cramjam
import numpy as np

from binnacle.remotewrite.v1 import remote_write_pb2 as pb
from services.core.conventions import STALE_BITS

V1 = "application/x-protobuf"
V2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
STALE = float(np.array([STALE_BITS], np.uint64).view(np.float64)[0])

Sample = tuple[int, float]
Labels = Mapping[str, str]


def compressed(request: pb.WriteRequest | pb.WriteRequestV2 | bytes) -> bytes:
    """The body of a request."""
    return bytes(cramjam.snappy.compress_raw(request if isinstance(request, bytes) else request.SerializeToString()))


def sample(time_ms: int, value: float) -> bytes:
    """One sample on the wire."""
    return pb.Sample(time_unix_ms=time_ms, value=value).SerializeToString()


def series(labels: Labels, *samples: Sample) -> bytes:
    """One series of 1.0 on the wire; labels as given."""
    pairs = [pb.Label(name=name, value=value) for name, value in labels.items()]
    return pb.Series(labels=pairs, samples=[sample(*each) for each in samples]).SerializeToString()


def write_v1(*entries: bytes, metadata: Sequence[pb.Metadata] = ()) -> bytes:
    """A body of 1.0."""
    return compressed(pb.WriteRequest(series=entries, metadata=metadata))


class WriteV2:
    """A body of 2.0 in the making."""

    def __init__(self) -> None:
        self._symbols: dict[str, int] = {"": 0}
        self.request = pb.WriteRequestV2()

    def ref(self, text: str) -> int:
        """The place of a text."""
        return self._symbols.setdefault(text, len(self._symbols))

    def add(self, labels: Labels, *samples: Sample, kind: int = 0, unit: str = "") -> pb.SeriesV2:
        """A series; the message, to add more to."""
        added = self.request.series.add(
            label_refs=[self.ref(text) for label in labels.items() for text in label],
            samples=[sample(*each) for each in samples],
        )
        added.metadata.type = pb.MetricType.ValueType(kind)
        added.metadata.unit_ref = self.ref(unit)
        return added

    def body(self) -> bytes:
        """The body."""
        self.request.symbols[:] = list(self._symbols)
        return compressed(self.request)
