"""python -m services.collector"""

from services.collector.config import CollectorConfig
from services.collector.wiring import wire
from services.runtime.main import run

if __name__ == "__main__":
    run("collector", CollectorConfig, wire)
