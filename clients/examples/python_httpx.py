"""First data in with Python over REST: a decorator that tells how long calls take, an event, a heartbeat."""

import functools
import os
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import httpx

P = ParamSpec("P")
R = TypeVar("R")

SERVICE = "example-python"
URL = os.environ.get("BINNACLE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("BINNACLE_TOKEN")
binnacle = httpx.Client(base_url=URL, headers={"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}, timeout=10.0)


def post(path: str, body: object) -> None:
    """Send one thing; raises httpx.HTTPStatusError when it is refused."""
    binnacle.post(path, json=body).raise_for_status()


def timed(endpoint: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Tell the latency of every call of a function."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                took = (time.perf_counter() - began) * 1000
                tags = {"service": SERVICE, "endpoint": endpoint}
                post("/metrics", {"name": "latency", "value": took, "unit": "ms", "tags": tags})

        return wrapper

    return decorate


@timed("search_products")
def search_products(query: str) -> list[str]:
    """Stands for your own work."""
    return [product for product in ("desk lamp", "mug", "floor lamp") if query in product]


def main() -> None:
    """Search, tell it, and read it back."""
    found = search_products("lamp")
    data = {"query": "lamp", "results_count": len(found)}
    post("/events", {"type": "search", "service": SERVICE, "user_id": "user-123", "data": data})
    post("/heartbeat", {"service": SERVICE, "status": "healthy", "metrics": {"request_count": 1, "uptime": 0.01}})
    print(binnacle.get("/events", params={"service": SERVICE}).json())


if __name__ == "__main__":
    main()
