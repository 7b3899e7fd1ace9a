"""Trial 3: several processes move points of five busy and many quiet accounts, while a reader sums them all.

Every reading, taken in one REPEATABLE READ snapshot while writing goes on, must find stored balances, lots and entries
in agreement. The control does the same with the locks out of the ledger's functions and must be caught.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from core.database import identifier
from loyalty.ledger import ledger_invariants
from loyalty.models import PointsAccount
from tenants.models import Brand
from tests.concurrency.unprotected import unprotect
from tests.loyalty import shop
from tests.trials import scale

pytestmark = [pytest.mark.race, pytest.mark.trial, pytest.mark.slow]

HOT = 5
READING = """
SELECT coalesce(sum(balance + pending + reserved), 0)::bigint, coalesce(sum(debt), 0)::bigint,
       (SELECT coalesce(sum(points), 0)::bigint FROM loyalty_pointsentry),
       (SELECT coalesce(sum(debt), 0)::bigint FROM loyalty_pointsentry),
       (SELECT coalesce(sum(remaining + held), 0)::bigint FROM loyalty_pointslot),
       (SELECT count(*) FROM loyalty_pointsaccount WHERE least(balance, pending, reserved, debt) < 0)
         + (SELECT count(*) FROM loyalty_pointslot WHERE remaining < 0 OR remaining > granted),
       sum(issued - spent - expired - reversed)::bigint
FROM loyalty_pointsaccount
"""


@dataclass
class Day:
    """What a run came to. torn: readings that didn't add up."""

    readings: int = 0
    torn: list[Any] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def _open(cold: int) -> Any:
    """The program and its members, each with something on the account."""
    program = shop.program()
    people = [shop.member(f"M{n}") for n in range(HOT + cold)]
    for at in range(0, len(people), 100):
        shop.send(*[shop.order(who, 10) for who in people[at : at + 100]])
    return program


def _run(brand: Brand, program: Any, *, tellers: int, seconds: float, locked: bool, until_torn: bool = False) -> Day:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"], "PYTHONWARNINGS": ""}
    command = [sys.executable, "-m", "tests.concurrency.ledger_bank", brand.schema_name, str(program.pk)]
    children = [
        subprocess.Popen(
            [*command, str(seed), str(round(seconds)), str(int(locked))],
            cwd=scale.ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(tellers)
    ]
    day = Day()
    try:
        _read_until_closed(brand, children, day, until_torn=until_torn)
    finally:
        for child in children:
            if until_torn and child.poll() is None:
                child.terminate()
            out, err = child.communicate(timeout=60)
            if out:
                for name, count in json.loads(out.splitlines()[-1]).items():
                    day.counts[name] = day.counts.get(name, 0) + count
            else:
                assert until_torn, err[-2000:]
    return day


def _read_until_closed(brand: Brand, children: list[Any], day: Day, *, until_torn: bool) -> None:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as reader:
        reader.execute(f"SET search_path = {identifier(brand.schema_name)}".encode())
        reader.execute("SET default_transaction_isolation = 'repeatable read'")
        while any(child.poll() is None for child in children):
            row = reader.execute(READING).fetchone()
            assert row is not None
            held, debt, entries, owed, lots, negative, kept = row
            day.readings += 1
            if not (held == entries == lots == kept and debt == owed and not negative):
                day.torn.append(row)
                if until_torn:
                    return
            time.sleep(0.005)


def test_whenever_it_is_read_the_bank_adds_up(committed_brand: Brand) -> None:
    program = _open(scale.size(40, 500))
    seconds = scale.size(6, 600)
    day = _run(committed_brand, program, tellers=scale.size(4, 8), seconds=seconds, locked=True)
    assert day.torn == []
    assert day.counts.get("broken", 0) == 0, day.counts
    assert ledger_invariants() == []
    assert day.counts["writes"] >= scale.size(20, 20_000), day.counts
    assert day.readings >= scale.size(10, 1_000)
    assert PointsAccount.objects.count() == HOT + scale.size(40, 500)


def test_the_control_without_locks_is_caught_within_thirty_seconds(
    committed_brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _open(scale.size(40, 500))
    unprotect(committed_brand, monkeypatch)
    begun = time.monotonic()
    day = _run(committed_brand, program, tellers=8, seconds=scale.size(8, 30), locked=False, until_torn=True)
    connection.set_tenant(committed_brand)  # type: ignore[attr-defined]  # django-tenants'
    assert day.torn or day.counts.get("broken") or ledger_invariants()
    assert time.monotonic() - begun < 45
