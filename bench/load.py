"""A small HTTP load generator: so many keep-alive connections in one thread, the next request as soon as one answers.

Run as `python -m bench.load` with its work as JSON on standard input:
    port, connections, seconds, kind (get | earn | bulk | redeem | quote | hook),
    targets [{host, key, members | paths}],
    run (a word that makes ids unique), rows (of a bulk), accept [statuses that are no error besides 2xx],
    secret and event (of a hook).
Prints JSON: requests, good, statuses {status: count}, seconds, p50, p95, p99 (in seconds), sample (a refused body).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.program import order

LINGER_SECONDS = 20


def requests_of(work: dict[str, Any]) -> Iterator[bytes]:
    """Requests without end, built before they are asked for so that building isn't timed with the answer."""
    pick = random.Random(work.get("run", ""))
    targets = work["targets"]
    makers = {"get": _get, "earn": _earn, "bulk": _bulk, "redeem": _redeem, "quote": _quote, "hook": _hook}
    make, number = makers[work["kind"]], 0
    while True:
        number += 1
        yield make(targets[pick.randrange(len(targets))], pick, f"{work.get('run', '')}-{number}", work)


def _get(target: dict[str, Any], pick: random.Random, name: str, work: dict[str, Any]) -> bytes:
    paths = target["paths"]
    return _request("GET", paths[pick.randrange(len(paths))], target, b"")


def _earn(target: dict[str, Any], pick: random.Random, name: str, work: dict[str, Any]) -> bytes:
    return _request("POST", "/api/v1/events", target, json.dumps(_order(target, pick, name)).encode())


def _bulk(target: dict[str, Any], pick: random.Random, name: str, work: dict[str, Any]) -> bytes:
    rows = [_order(target, pick, f"{name}-{row}") for row in range(work["rows"])]
    return _request("POST", "/api/v1/events/bulk", target, json.dumps({"events": rows}).encode())


def _redeem(target: dict[str, Any], pick: random.Random, name: str, work: dict[str, Any]) -> bytes:
    body = {"member": f"ext:c-{pick.randrange(target['members']) + 1}", "reward": work["reward"]}
    if target.get("ids"):
        body["member"] = target["ids"][pick.randrange(len(target["ids"]))]
    return _request("POST", "/api/v1/redemptions", target, json.dumps(body).encode(), f"Idempotency-Key: {name}\r\n")


def _quote(target: dict[str, Any], pick: random.Random, name: str, work: dict[str, Any]) -> bytes:
    told = _order(target, pick, name)["data"]["order"]
    lines = [*told["lines"], {"sku": "C-300", "net_minor": pick.randrange(100, 5_000), "tax_minor": 210}]
    cart = {"currency": "EUR", "lines": lines, "shipping_minor": 495, "channel": "web"}
    body = {"member": f"ext:c-{pick.randrange(target['members']) + 1}", "cart": cart}
    return _request("POST", "/api/v1/carts/quote", target, json.dumps(body).encode())


def _hook(target: dict[str, Any], pick: random.Random, name: str, work: dict[str, Any]) -> bytes:
    """An event of Stripe's, never sent before, signed at the time that it is made."""
    body = json.dumps({**work["event"], "id": f"evt_{name}"}).encode()
    at = int(time.time())
    digest = hmac.new(work["secret"].encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return _request("POST", target["paths"][0], target, body, f"Stripe-Signature: t={at},v1={digest}\r\n")


def _order(target: dict[str, Any], pick: random.Random, name: str) -> dict[str, Any]:
    member = {"external_id": f"c-{pick.randrange(target['members']) + 1}"}
    return order(f"O-{name}", member, total_minor=pick.randrange(500, 20_000), occurred_at=_now())


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _request(method: str, path: str, target: dict[str, Any], body: bytes, more: str = "") -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {target['host']}\r\nAuthorization: Bearer {target['key']}\r\n"
        f"X-Forwarded-Proto: https\r\nAccept: application/json\r\n{more}"
    )
    if method == "POST":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Line:
    """One connection: what it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.begun = 0.0

    def send(self, request: bytes) -> None:
        self.buffer.clear()
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """(status, body) when the answer is whole. ConnectionError when the server hung up."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.buffer[:end]).lower()
        at = head.find(b"content-length:")
        if at < 0:
            raise ConnectionError("an answer without Content-Length")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return None
        return int(head[9:12]), bytes(self.buffer[end + 4 : end + 4 + length])


class Run:
    """The loop and what it counted."""

    def __init__(self, work: dict[str, Any]) -> None:
        self.accept = set(work.get("accept", ()))
        self.source = requests_of(work)
        self.lines = [Line(work["port"]) for _number in range(work["connections"])]
        self.ready = [next(self.source) for _line in self.lines]
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self.good = 0
        self.sample = ""

    def go(self, seconds: float) -> float:
        """Until the time is over and the last answers are in; the seconds that it took."""
        selector = selectors.DefaultSelector()
        begun = time.perf_counter()
        for line in self.lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(self.ready.pop())
        busy = len(self.lines)
        while busy and time.perf_counter() - begun < seconds + LINGER_SECONDS:
            for key, _mask in selector.select(timeout=1):
                found = key.data.receive()
                if found is None:
                    continue
                self.note(key.data, *found)
                if time.perf_counter() - begun < seconds:
                    key.data.send(self.ready.pop() if self.ready else next(self.source))
                else:
                    busy -= 1
            while len(self.ready) < 4:
                self.ready.append(next(self.source))
        return time.perf_counter() - begun

    def note(self, line: Line, status: int, body: bytes) -> None:
        self.times.append(time.perf_counter() - line.begun)
        self.statuses[status] += 1
        if 200 <= status < 300 or status in self.accept:
            self.good += 1
        elif not self.sample:
            self.sample = body[:500].decode(errors="replace")


def main() -> None:
    work = json.load(sys.stdin)
    run = Run(work)
    seconds = run.go(work["seconds"])
    times = sorted(run.times) or [0.0]
    json.dump(
        {
            "requests": sum(run.statuses.values()),
            "good": run.good,
            "statuses": run.statuses,
            "seconds": seconds,
            "p50": times[len(times) // 2],
            "p95": times[min(len(times) - 1, len(times) * 95 // 100)],
            "p99": times[min(len(times) - 1, len(times) * 99 // 100)],
            "sample": run.sample,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
