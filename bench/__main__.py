"""`python -m bench [NAME…]`: runs benchmarks by name, all without one."""

import importlib
import sys

from bench.report import note

NAMES = ("alerting", "e2e", "edge", "intake", "live", "query", "rest", "web")


def main(names: list[str]) -> int:
    """Run them in turn; exit status 2 for a name there is none of."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        note(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(NAMES)}")
        return 2
    for name in names or NAMES:
        importlib.import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
