"""Web and worker as programs of their own, to be killed and started again, and a partner that doesn't give up."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from celery import Celery
from django.conf import settings

from tests.trials import scale

# Beside other tests the machine isn't ours; alone, in `make soak`, the promise is ten seconds.
RECOVERY_SECONDS = 10.0 if scale.SOAK else 90.0
START_SECONDS = 90.0
INSIST_SECONDS = 150.0


class Program:
    """A running program in a process group of its own."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=scale.ROOT,
                env=env,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        """kill -9, the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def ends_within(self, seconds: float) -> bool:
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


class Stand:
    """Programs over one database. folder: theirs alone. broker: a Redis URL, or "" for files in the folder."""

    def __init__(self, folder: Path, *, app_url: str, owner_url: str, broker: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.running: list[Program] = []
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STAMGAST_")},
            "DJANGO_SETTINGS_MODULE": "tests.trials.settings",
            "DATABASE_URL": app_url,
            "DATABASE_OWNER_URL": owner_url,
            "VAR_DIR": str(folder),
            "REDIS_URL": broker,
            "PYTHONWARNINGS": "",
        }
        for name in ("broker/queue", "broker/control", "broker/done", "mailbox"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def web(self, failpoint: str = "") -> Program:
        """One web process, armed or not. It answers once healthy() is true."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1", "--blocking-threads", "4"]
        return self._start("web", command, failpoint)

    def worker(self, failpoint: str = "", *, beat: bool = False) -> Program:
        command = [sys.executable, "-m", "celery", "-A", "config.celery:app", "worker", "-Q", "celery", "--loglevel"]
        command += ["INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        # One thread for every task. The solo pool has two when the broker is a folder: what is due later runs in the
        # timer's thread beside the main one, and two first tasks at once can wait for each other for ever.
        command += ["-c", "1", *(["-B", "-s", str(self.folder / "beat")] if beat else ["--pool", "threads"])]
        return self._start("worker", command, failpoint)

    def _start(self, name: str, command: list[str], failpoint: str) -> Program:
        program = Program(command, {**self.env, "STAMGAST_FAILPOINT": failpoint}, self.folder / f"{name}.log")
        self.running.append(program)
        return program

    def wake(self, schema: str, task: str = "core.tasks.outbox_sweep") -> None:
        """Send a task as beat would; a broker that is away is beat's trouble, not the trial's."""
        app = Celery("trial", broker=self.env["REDIS_URL"] or "filesystem://", set_as_current=False)
        if not self.env["REDIS_URL"]:
            queue = str(self.folder / "broker/queue")
            app.conf.broker_transport_options = {
                "data_folder_in": queue,
                "data_folder_out": queue,
                "control_folder": str(self.folder / "broker/control"),
            }
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, "max_retries": 1}
        with suppress(Exception):
            app.send_task(task, headers={"_schema_name": schema}, retry=False, ignore_result=True)
        app.close()

    def healthy(self) -> bool:
        try:
            status, _body = ask(self.port, "GET", "/healthz", "localhost", timeout=2)
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def wait_until_healthy(self, program: Program) -> None:
        until = time.monotonic() + START_SECONDS
        while not self.healthy():
            assert not program.ended, program.last_words()
            assert time.monotonic() < until, f"no answer: {program.last_words()}"
            time.sleep(0.05)

    def wait_until_ready(self, worker: Program) -> None:
        """Celery says so itself."""
        until = time.monotonic() + START_SECONDS
        while " ready." not in worker.log.read_text(errors="replace"):
            assert not worker.ended, worker.last_words()
            assert time.monotonic() < until, worker.last_words()
            time.sleep(0.05)

    def stop(self) -> None:
        for program in self.running:
            program.kill()


@contextmanager
def stand_on(folder: Path, *, broker: str = "", app_url: str = "", owner_url: str = "") -> Iterator[Stand]:
    stand = Stand(
        folder,
        app_url=app_url or settings.DATABASE_URL,
        owner_url=owner_url or settings.DATABASE_OWNER_URL,
        broker=broker,
    )
    try:
        yield stand
    finally:
        stand.stop()


class Partner:
    """A partner system: sends orders and redemptions one after another and repeats each until it is answered."""

    def __init__(self, stand: Stand, host: str, books: dict[str, Any], name: str) -> None:
        self.stand = stand
        self.host = host
        self.key = books["key"]
        self.member = books["members"][sum(name.encode()) % len(books["members"])]
        self.name = name
        self.acknowledged: list[str] = []
        self.redeemed: list[str] = []
        self.longest = 0.0
        self.trouble: list[Any] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way."""
        self._enough.set()
        self._thread.join(timeout=INSIST_SECONDS + 30)
        assert not self._thread.is_alive()

    def _work(self) -> None:
        number = 0
        while not self._enough.is_set():
            number += 1
            name = f"{self.name}-{number}"
            if self.send_order(name):
                self.acknowledged.append(name)
            if self.redeem(name):
                self.redeemed.append(name)

    def send_order(self, name: str) -> bool:
        body = {
            "id": name,
            "type": "order.paid",
            "member": self.member,
            "occurred_at": "2026-01-02T03:04:05+00:00",
            "data": {"order": {"number": name, "currency": "EUR", "total_minor": 500}},
        }
        return self.insist("/api/v1/events", body, {}, (200, 201))

    def redeem(self, name: str) -> bool:
        body = {"member": self.member, "reward": "tea"}
        return self.insist("/api/v1/redemptions", body, {"Idempotency-Key": name}, (201,))

    def insist(self, path: str, body: Any, headers: dict[str, str], wanted: tuple[int, ...]) -> bool:
        """Send until there is an answer below 500; whether it was one of those wanted."""
        begun, failed_at = time.monotonic(), None
        while time.monotonic() - begun < INSIST_SECONDS:
            try:
                status, told = self.ask(path, body, headers)
            except (OSError, http.client.HTTPException):
                status, told = 599, None
            if status == 429:
                # Each dead process took a twentieth of the key's minute with it (core/api/limits.py).
                time.sleep(told["retry_after"])
                failed_at = None
                continue
            if status < 500:
                if failed_at is not None:
                    self.longest = max(self.longest, time.monotonic() - failed_at)
                if status not in wanted:
                    self.trouble.append((path, status, told))
                return status in wanted
            failed_at = failed_at or time.monotonic()
            if status not in (503, 599):
                self.trouble.append((path, status, told))
            time.sleep(0.05)
        self.trouble.append((path, "never answered", None))
        return False

    def ask(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        known = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        return ask(self.stand.port, "POST", path, self.host, body=json.dumps(body), headers=known)


def ask(
    port: int, method: str, path: str, host: str, *, body: str = "", headers: Any = None, timeout: float = 20
) -> tuple[int, Any]:
    """One request on a connection of its own. OSError or HTTPException when no whole answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body or None, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw else None
    except ValueError as error:
        raise http.client.HTTPException("half an answer") from error
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
