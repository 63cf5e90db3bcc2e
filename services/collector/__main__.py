"""python -m services.collector"""

import sys

from services.collector.config import CollectorConfig
from services.collector.wiring import wire
from services.runtime.main import run

# The journal's thread asks for the interpreter several times a transaction, and would wait up to the usual 5 ms for it
# each time while requests are decoded.
SWITCH_SECONDS = 0.0005

if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_SECONDS)
    run("collector", CollectorConfig, wire)
