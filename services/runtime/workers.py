"""Several processes of one service on one machine: what each is called, and where it listens."""


def worker_name(name: str, number: int) -> str:
    """The first bears the service's own name, the others a number as well: `collector`, `collector-1`."""
    return f"{name}-{number}" if number else name


def service_of(name: str) -> str:
    """The service that a worker of this name belongs to."""
    service, _dash, number = name.rpartition("-")
    return service if number.isdecimal() else name


def worker_target(target: str, number: int) -> str:
    """Where a worker listens when the first does at `target`: `unix:/x-1.sock` beside `unix:/x.sock`, or a port on."""
    if not number:
        return target
    if target.startswith("unix:"):
        path, dot, ending = target.rpartition(".")
        return f"{path}-{number}.{ending}" if dot and "/" not in ending else f"{target}-{number}"
    host, _colon, port = target.rpartition(":")
    return f"{host}:{int(port) + number}"
