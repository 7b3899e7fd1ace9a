"""The process: HTTP in, webhooks out, time that goes by."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe import delivery, pages
from sandbox.stripe.handling import Reply, handle
from sandbox.stripe.state import State
from sandbox.stripe.work import catch_up

PAUSE = 0.05


class LocalStripe(ThreadingHTTPServer):
    """A local Stripe at `http://host:port`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, file: Path | None = None) -> None:
        super().__init__((host, port), Handler)
        self.url = f"http://{host}:{self.server_address[1]}"
        self.state = State(file, self.url)
        self.stopping = threading.Event()

    def background(self) -> None:
        """Send what is to be sent and do what time brings, until stopped."""
        saved = time.monotonic()
        while not self.stopping.wait(PAUSE):
            with self.state.lock:
                for account in list(self.state.accounts.values()):
                    catch_up(account)
                todo = [
                    (account, one)
                    for account in list(self.state.accounts.values())
                    for one in delivery.due(account, time.time())
                ]
            for account, one in todo:
                status = delivery.send(account, one)
                with self.state.lock:
                    delivery.settle(account, one, status)
                    self.state.dirty = True
            if time.monotonic() - saved > 1:
                self.state.save()
                saved = time.monotonic()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets `handling` or `pages` answer it, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LocalStripe

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class'
        """Silent: a test has enough to print."""

    def _respond(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path.startswith(("/c/", "/i/", "/o/", "/clock")) or url.path == "/":
            self._write_page(pages.answer(self.server.state, self.command, url.path, url.query, body.decode()))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._write(handle(self.server.state, self.command, url.path, url.query, headers, body))

    do_GET = do_POST = do_DELETE = _respond  # noqa: N815 - the names are the base class'

    def _write(self, reply: Reply) -> None:
        if reply.hang_up:
            self.close_connection = True
            return
        raw = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(raw)),
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def _write_page(self, page: "pages.Page") -> None:
        raw = page.html.encode()
        self.send_response(page.status)
        if page.location:
            self.send_header("Location", page.location)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextlib.contextmanager
def running(host: str = "127.0.0.1", port: int = 0, file: Path | None = None) -> Iterator[LocalStripe]:
    """A local Stripe in this process, for as long as the block runs."""
    server = LocalStripe(host, port, file)
    threads = [threading.Thread(target=work, daemon=True) for work in (server.serve_forever, server.background)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        for thread in threads:
            thread.join(timeout=15)
        server.server_close()
        server.state.save()
