"""The stand-in as a process of its own, on a port that was free, with the tests' hand on its switches."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEY = "key-of-the-tests-0001"


class StandIn:
    def __init__(self, url: str) -> None:
        self.url = url
        self.host = url.removeprefix("http://")

    def tell(self, **told: Any) -> dict[str, Any]:
        """Set switches; everything it knows comes back."""
        body = json.dumps(told).encode()
        request = urllib.request.Request(f"{self.url}/_control", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def fails(self, where: str, *names: str, slow_seconds: float = 0.3) -> None:
        """What goes wrong with the next requests of that kind, one after the other; "" for one that goes well."""
        self.tell(faults={"queue": {where: list(names)}, "slow_seconds": slow_seconds})

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.tell()["orders"]
        return found

    def balance(self) -> int:
        return int(self.tell()["balance_minor"])

    def reset(self) -> None:
        self.tell(
            faults={}, balance_minor=500_000, deliver_after=1, keys=[KEY], hook={}, forget_orders=True,
            products={"boekenbeurs-eur": {"in_stock": True}},
        )  # fmt: skip


@contextmanager
def stand_in_running() -> Iterator[StandIn]:
    command = [sys.executable, "-m", "sandbox.supplier", "--key", KEY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("ready on "), said
        yield StandIn(said.split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=10)
