"""A real web server on loopback with a real brand behind it, and a browser that is watched."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "test-artifacts" / "browser"
# --no-sandbox: tests run as root in containers. The rest keeps Chromium from asking anything outside for anything.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
START_SECONDS = 40.0


def chromium_path() -> str | None:
    """The browser named by CHROMIUM, or one that is installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Site:
    """Where the server is. brand: the one that the tests use."""

    port: int
    mail_dir: Path
    brand: Any = None

    def url(self, path: str = "/") -> str:
        return f"http://{self.brand.slug}.localhost:{self.port}{path}"

    def platform_url(self, path: str = "/") -> str:
        return f"http://localhost:{self.port}{path}"

    def mail_to(self, address: str, seconds: float = 15.0) -> str:
        """The text of the newest mail to the address, waiting until there is one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for path in sorted(self.mail_dir.glob("*.log"), reverse=True):
                found = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                body = found.get_body(("plain",))
                if address in str(found["To"]) and body is not None:
                    return str(body.get_content())
            time.sleep(0.2)
        raise AssertionError(f"no mail to {address} in {seconds} s")

    def link_in_mail_to(self, address: str) -> str:
        links: list[str] = re.findall(r"https?://\S+", self.mail_to(address))
        return links[0].rstrip(".>)")


@contextmanager
def serving(mail_dir: Path, stripe: str) -> Iterator[Site]:
    """The product under its own web server, in a process of its own, on a free port of loopback."""
    site = Site(free_port(), mail_dir)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "BROWSER_MAIL_DIR": str(mail_dir),
        "PUBLIC_PORT": str(site.port),
        "STRIPE_API_BASE": stripe,
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(site.port)]
    log = (mail_dir / "server.txt").open("wb")
    server = subprocess.Popen(
        [*command, "--workers", "1", "--blocking-threads", "4", "config.wsgi:application"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_up(site, server, mail_dir / "server.txt")
        yield site
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def _wait_until_up(site: Site, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/healthz", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the web server did not start:\n{log.read_text(errors='replace')[-3000:]}")


@dataclass
class Watch:
    """Everything on a page that must not happen: policy violations, script errors, requests to anyone else."""

    problems: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal is answered with 4xx on purpose, and the browser notes each of them as an error.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.problems.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if not request.url.startswith("data:") and host != "localhost" and not host.endswith(".localhost"):
            self.problems.append(f"asked somebody else: {request.url}")
