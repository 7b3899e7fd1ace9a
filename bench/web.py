"""granian as the product runs it, and the load on it from a process of its own."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench import cpu
from bench.report import say
from bench.rounds import Sample, Side
from bench.stand import ROOT, Stand, environment, var_folder

WORKERS, THREADS = 2, 4
CONNECTIONS = 8
START_SECONDS = 60


@dataclass(frozen=True)
class Web:
    """A running server. pid: granian's own, whose workers are its children."""

    stand: Stand
    port: int
    pid: int

    def cpu(self) -> float:
        return cpu.tree_seconds(self.pid, self.stand.server_pid)


@contextmanager
def web(stand: Stand, *, settings: str = "bench.settings", **more: str) -> Iterator[Web]:
    """Start granian with so many workers and threads on a free port; stopped when left."""
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    command += ["--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--workers-kill-timeout", "5"]
    env = {**environment(stand, settings), **more}
    env.pop("DATABASE_OWNER_URL")  # a web process never knows it
    with (var_folder() / "bench" / "log" / f"web-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, port)
            yield Web(stand, port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def load_side(
    server: Web, work: dict[str, Any], *, seconds: float, connections: int = CONNECTIONS, each: int = 1
) -> Side:
    """Requests of `work` (see bench/load.py) for so many seconds; a request counts as `each` operations."""

    def run() -> Sample:
        told = {"port": server.port, "connections": connections, "seconds": seconds, **work}
        before = server.cpu()
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            cwd=ROOT,
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the load generator failed:\n{done.stderr[-2000:]}")
        spent = server.cpu() - before
        found = json.loads(done.stdout)
        if found["sample"]:
            say(f"  refused: {found['statuses']} {found['sample'][:300]}")
        return Sample(
            found["good"] * each,
            found["seconds"],
            spent,
            found["p50"],
            found["p99"],
            errors=found["requests"] - found["good"],
            p95=found["p95"],
        )

    return run


def request(
    server: Web, host: str, key: str, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    """One request, for setting things up and for looking at the result."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        sent = None if body is None else json.dumps(body)
        given = {"Host": host, "Authorization": f"Bearer {key}", "X-Forwarded-Proto": "https", **headers}
        connection.request(method, path, sent, {**given, **({"Content-Type": "application/json"} if sent else {})})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < START_SECONDS:
        if process.poll() is not None:
            raise RuntimeError(f"the web server ended by itself; see var/bench/log/web-{port}.log")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise RuntimeError(f"the web server didn't answer within {START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
