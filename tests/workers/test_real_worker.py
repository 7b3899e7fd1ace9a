"""A real worker over the filesystem broker: woken by a commit, it sends the mail; beat finds what nobody woke for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from core import outbox
from core.mail import mail_queue
from core.tables import OutboxMessage

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 120.0


def environment(folder: Path) -> dict[str, str]:
    """The worker's: the demo's settings over this run's database, its own broker and mailbox."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", "VAR_DIR": str(folder), "REDIS_URL": ""}


@contextmanager
def worker(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of one thread (see tests/trials/stand.py), stopped by its own process id."""
    command = [sys.executable, "-m", "celery", "-A", "config.celery:app", "worker", "-Q", "celery"]
    command += ["--pool", "threads", "-c", "1"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *quiet, *options], cwd=ROOT, env=environment(folder), stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wake_from_another_process(folder: Path, schema: str) -> None:
    """What the web process does after its commit."""
    code = "import django; django.setup(); from core.outbox import wake; import sys; wake(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, schema], cwd=ROOT, env=environment(folder), check=True)


def until(condition: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail((folder / "worker.log").read_text()[-3000:])
        time.sleep(0.2)


def queue(monkeypatch: pytest.MonkeyPatch) -> int:
    """A committed mail of the current brand that nobody was woken for."""
    monkeypatch.setattr(outbox, "_wake", None)
    with transaction.atomic():
        mail_queue(to="ann@example.com", language="en", kind="test", subject="Hello", text="Come in", html=None)
    return OutboxMessage.objects.filter(topic="mail.requested").latest("id").pk


def delivered(pk: int) -> bool:
    return OutboxMessage.objects.filter(pk=pk, delivered_at__isnull=False).exists()


@pytest.mark.slow
def test_a_woken_worker_sends_the_mail_to_the_brands_own_mailbox(
    committed_brand: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = queue(monkeypatch)
    wake_from_another_process(tmp_path, committed_brand.schema_name)
    [message] = (tmp_path / "broker/queue").iterdir()
    assert json.loads(message.read_text())["headers"]["_schema_name"] == committed_brand.schema_name
    with worker(tmp_path):
        until(lambda: delivered(pk), tmp_path)
    [kept] = [
        each
        for each in (tmp_path / "mailbox" / committed_brand.schema_name).iterdir()
        if b"Come in" in each.read_bytes()
    ]
    assert kept.suffix == ".eml"
    log = (tmp_path / "worker.log").read_text()
    assert "Come in" not in log
    assert "ann@example.com" not in log


@pytest.mark.slow
def test_beat_finds_what_nobody_was_woken_for(
    committed_brand: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = queue(monkeypatch)
    with worker(tmp_path, "-B"):
        until(lambda: delivered(pk), tmp_path)
    assert connection.schema_name == committed_brand.schema_name  # type: ignore[attr-defined]  # django-tenants'
