"""Trial 5: kill -9. Whatever was answered is there, nothing is there twice, and all goes on within seconds.

Web and worker die at named failpoints and at random moments, the database server at random moments; whoever minds them
starts them again, and partner systems repeat what they got no answer to.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from core import outbox
from core.embedded.errors import EmbeddedError
from core.embedded.postgres import Cluster, ensure_running, stop
from tenants.models import Brand
from tests import database
from tests.loyalty import shop
from tests.trials import clerk, scale
from tests.trials.stand import RECOVERY_SECONDS, Partner, Program, Stand, stand_on

pytestmark = [pytest.mark.trial, pytest.mark.slow, pytest.mark.timeout(0 if scale.SOAK else 600)]

WEB_FAILPOINTS = ("book.before_read", "book.before", "book.after", "once.in_transaction", "once.after")
WORKER_FAILPOINTS = ("outbox.before_send", "outbox.before_mark", "outbox.after_mark")
POINTS = 5  # of an order of 500 cents


@pytest.fixture(autouse=True)
def _nobody_is_woken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial's worker delivers, not this process."""
    monkeypatch.setattr(outbox, "_wake", None)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stamgast-trial-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _host(slug: str) -> str:
    return f"{slug}{settings.BRAND_HOST_SUFFIX}"


def _nothing_lost_nothing_twice(books: dict[str, Any], partners: list[Partner]) -> None:
    acknowledged = [name for each in partners for name in each.acknowledged]
    redeemed = [name for each in partners for name in each.redeemed]
    assert [each.trouble for each in partners] == [[] for _each in partners]
    assert sorted(books["events"]) == sorted(acknowledged)
    assert books["redemptions"] == books["keys"] == len(redeemed)
    assert books["per_key"] <= 1
    assert books["broken"] == []
    for member, (issued, spent, balance) in books["accounts"].items():
        mine = [each for each in partners if each.member == member]
        assert issued == 1000 + POINTS * sum(len(each.acknowledged) for each in mine)
        assert spent == clerk.PRICE * sum(len(each.redeemed) for each in mine)
        assert balance == issued - spent


def _survive(stand: Stand, host: str, books: dict[str, Any], deaths: Iterator[Any]) -> list[Partner]:
    """Let partners work while web dies of each of `deaths`: a failpoint, or seconds after which it is killed."""
    partners = [Partner(stand, host, books, name) for name in ("till", "shop")]
    web = stand.web()
    stand.wait_until_healthy(web)
    for each in partners:
        each.start()
    try:
        for death in deaths:
            web.kill()
            web = stand.web(f"{death}:3" if isinstance(death, str) else "")
            _dies(stand, web, death)
        web.kill()
        web = stand.web()
        stand.wait_until_healthy(web)
    finally:
        for each in partners:
            each.stop()
    return partners


def _dies(stand: Stand, web: Program, death: Any) -> None:
    if isinstance(death, str):
        assert web.ends_within(120), f"{death} was never passed: {web.last_words()}"
        return
    stand.wait_until_healthy(web)
    time.sleep(death)
    web.kill()


def test_web_dies_at_every_failpoint_and_at_random(committed_brand: Brand, folder: Path) -> None:
    books = clerk.books_open()
    deaths = [name for name in WEB_FAILPOINTS for _time in range(scale.size(1, 10))]
    dice = random.Random(5)
    deaths_at_random = [dice.uniform(0.05, 2) for _time in range(scale.size(1, 50))]
    with stand_on(folder) as stand:
        partners = _survive(stand, _host(committed_brand.slug), books, iter([*deaths, *deaths_at_random]))
    _nothing_lost_nothing_twice(clerk.books_check(), partners)
    assert sum(len(each.acknowledged) for each in partners) > len(deaths)
    assert max(each.longest for each in partners) <= RECOVERY_SECONDS


def test_a_worker_dies_while_it_delivers_and_every_message_has_its_effect_once(
    committed_brand: Brand, folder: Path
) -> None:
    clerk.books_open()
    deaths = [name for name in WORKER_FAILPOINTS for _time in range(scale.size(1, 10))]
    with stand_on(folder) as stand:
        for number, death in enumerate([*deaths, *[""] * scale.size(1, 50)]):
            shop.send(*[shop.order(who, 5, f"W{number}-{who.pk}") for who in _members()])
            worker = stand.worker(f"{death}:2" if death else "")
            stand.wake(committed_brand.schema_name)
            if death:
                assert worker.ends_within(120), f"{death} was never passed: {worker.last_words()}"
            else:
                time.sleep(random.uniform(0, 3))
                worker.kill()
        worker = stand.worker()
        begun = time.monotonic()
        seconds = _drained(stand, committed_brand, worker)
        assert seconds <= RECOVERY_SECONDS, f"{seconds} after {begun}"
    _each_once(folder, committed_brand, repeats_at_most=len(deaths) + scale.size(1, 50))
    assert clerk.books_check()["broken"] == []


def _members() -> list[Any]:
    from members.models import Member

    return list(Member.objects.order_by("pk"))


def _drained(stand: Stand, brand: Brand, worker: Program) -> float:
    """Wait until nothing is left to deliver; beat's sweep comes every second here. Returns how long it took."""
    begun = time.monotonic()
    while True:
        connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
        books = clerk.books_check()
        if not books["waiting"]:
            return time.monotonic() - begun
        assert time.monotonic() - begun < 180, worker.last_words()
        stand.wake(brand.schema_name)
        time.sleep(1)


def _each_once(folder: Path, brand: Brand, *, repeats_at_most: int) -> None:
    """The receiver has every message, and saw few of them again."""
    received = folder / "receiver" / brand.schema_name
    books = clerk.books_check()
    kept = sorted(int(each.stem) for each in received.glob("*.kept"))
    assert kept == books["messages"]
    assert books["failed"] == 0
    calls = (received / "calls.log").read_text().split()
    assert len(calls) - len(kept) <= repeats_at_most


@pytest.fixture
def durable(folder: Path) -> Iterator[tuple[Cluster, database.Urls]]:
    """A cluster of its own that syncs, with a database as tests have it."""
    cluster = ensure_running(folder / "pg", fsync=True)
    try:
        urls = database.Urls(cluster.owner_url, cluster.app_url)
        with database.copy_of_template(urls) as copy:
            # A copied sequence forgets after a crash the values that its original had noted in advance (PostgreSQL logs
            # them with the original); from the next checkpoint on the copy notes its own.
            with psycopg.connect(cluster.superuser_url, autocommit=True) as superuser:
                superuser.execute("CHECKPOINT")
            yield cluster, copy
    finally:
        stop(cluster)


def _clerk(stand: Stand, what: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.trials.clerk", what, "b_gem"],
        cwd=scale.ROOT,
        env=stand.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_database_server_dies_and_what_was_answered_is_there(
    durable: tuple[Cluster, database.Urls], folder: Path
) -> None:
    cluster, urls = durable
    dice = random.Random(5)
    with stand_on(folder, app_url=urls.app, owner_url=urls.owner) as stand:
        books = _clerk(stand, "open")
        partners = [Partner(stand, _host("gem"), books, name) for name in ("till", "shop")]
        stand.wait_until_healthy(stand.web())
        for each in partners:
            each.start()
        try:
            for _death in scale.rounds("kill-database", 2, 50):
                time.sleep(dice.uniform(0.3, 2))
                _kill_server(cluster)
                _start_again(cluster)
        finally:
            for each in partners:
                each.stop()
        _nothing_lost_nothing_twice(_clerk(stand, "check"), partners)
    assert max(each.longest for each in partners) <= RECOVERY_SECONDS
    assert min(len(each.acknowledged) for each in partners) > 2


def _kill_server(cluster: Cluster) -> None:
    lines = (cluster.data_dir / "postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)


def _start_again(cluster: Cluster) -> None:
    """As whoever minds it does: on its port, which the killed server's children hold on to for a moment."""
    until = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            ensure_running(cluster.data_dir, port=cluster.port, fsync=True)
            return
        except EmbeddedError:
            assert time.monotonic() < until
            time.sleep(0.1)
