"""`python -m services.streamer`."""

from services.runtime.main import run
from services.streamer.config import StreamerConfig
from services.streamer.wiring import wire

run("streamer", StreamerConfig, wire)
