"""Bare storing: the floor of what is kept. What the product stored of a batch is stored again, and nothing else.

The rows go into copies of a brand's tables with all their indexes (schema bench_bare), set-based by COPY for a batch
and by one prepared call for a single event: no judging, no reading, no versions, no locks ahead, no plan to take apart.
What the product does beyond that is its own; what this takes could only be saved by keeping less.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import psycopg
from django.db import connection

from bench.ground import unique
from bench.program import order
from bench.rounds import Sample, Side
from bench.seeding import BENCH, Shop
from bench.stand import ROOT, Stand, environment
from core import clock
from loyalty import ledger
from loyalty.ingest import event_ingest_raw
from tenants.context import brand_context, platform_context
from tenants.models import Brand

CLIENTS = 4
SQL = Path(__file__).resolve().parent / "sql" / "bare.sql"
# What is filled in anew each time it is stored: see bench/storer.py.
RUN, UID = "@RUN@", "@UID@"
STORED = {
    "loyalty_event": "t.external_id LIKE %(name)s",
    "loyalty_order": "t.number LIKE %(name)s",
    "loyalty_pointsentry": "t.order_number LIKE %(name)s",
    "loyalty_pointslot": "t.entry_id IN (SELECT id FROM loyalty_pointsentry WHERE order_number LIKE %(name)s)",
    "core_outboxmessage": (
        "t.payload->>'event_id' IN (SELECT id::text FROM loyalty_event WHERE external_id LIKE %(name)s)"
    ),
}
CHANGED = ("loyalty_pointsaccount", "loyalty_progresscounter")
_UUID, _NUMBER, _WORD = (
    "'@UID@' || substr(t.{0}::text, 14)",
    "'@RUN@' || lpad(mod(t.{0}, 1000000)::text, 6, '0')",
    "'@RUN@-' || t.{0}",
)
ANEW = {
    ("loyalty_event", "id"): _UUID,
    ("loyalty_event", "external_id"): _WORD,
    ("loyalty_order", "event_id"): _UUID,
    ("loyalty_order", "number"): _WORD,
    ("loyalty_pointsentry", "id"): _NUMBER,
    ("loyalty_pointsentry", "event_id"): _UUID,
    ("loyalty_pointslot", "entry_id"): _NUMBER,
    ("core_outboxmessage", "id"): _NUMBER,
}


def bare_install(stand: Stand, shop: Shop) -> None:
    """The tables of a brand once more, with their indexes; what is changed has the rows that the brand has now."""
    with psycopg.connect(stand.owner_url, autocommit=True) as owner:
        owner.execute(b"DROP SCHEMA IF EXISTS bench_bare CASCADE")
        owner.execute(b"CREATE SCHEMA bench_bare")
        for table in (*STORED, *CHANGED):
            owner.execute(f'CREATE TABLE bench_bare.{table} (LIKE "{shop.schema}".{table} INCLUDING ALL)'.encode())
        for table in CHANGED:
            owner.execute(f'INSERT INTO bench_bare.{table} SELECT * FROM "{shop.schema}".{table}'.encode())
            # The copy's own numbers begin behind those that came along.
            owner.execute(
                f"SELECT setval(pg_get_serial_sequence('bench_bare.{table}', 'id'), coalesce(max(id), 1))"
                f" FROM bench_bare.{table}".encode()
            )
            owner.execute(f"VACUUM ANALYZE bench_bare.{table}".encode())
        owner.execute(SQL.read_bytes(), prepare=False)


def bare_side(stand: Stand, shop: Shop, *, rows: int, seconds: float) -> Side:
    """So many events at a time: 1 by the prepared call, more by COPY. Counts events."""
    told = [_told(shop, rows, part) for part in range(CLIENTS)]

    def once() -> Sample:
        before = stand.server_cpu()
        running = []
        for part, each in enumerate(told):
            command = [sys.executable, "-m", "bench.storer"]
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment(stand), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert process.stdin is not None
            process.stdin.write(json.dumps({**each, "url": stand.owner_url, "seconds": seconds, "part": part}))
            process.stdin.close()
            running.append(process)
        found = []
        for process in running:
            assert process.stdout is not None
            text = process.stdout.read()
            if process.wait(timeout=seconds + 30):
                raise RuntimeError("storing the rows again failed; what it said stands above")
            found.append(json.loads(text))
        spent = stand.server_cpu() - before
        return Sample(sum(each["done"] for each in found), max(each["seconds"] for each in found), spent)

    return once


def _told(shop: Shop, rows: int, part: int) -> dict[str, Any]:
    """Book so many orders of the part's own members by the product, and read what that left."""
    name, plans = f"bare{unique()}", []
    each = max(1, len(shop.members) // CLIENTS)
    with platform_context():
        brand = Brand.objects.get(slug=shop.slug)
    book = ledger.batch_book

    def caught(**given: Any) -> list[int]:
        plans.append(json.loads(msgspec.json.encode(given["plan"])))
        return book(**given)

    with brand_context(brand), patch.object(ledger, "batch_book", caught):
        told = [
            order(
                f"{name}-{n}", {"external_id": f"c-{part * each + n % each + 1}"}, occurred_at=clock.now().isoformat()
            )
            for n in range(rows)
        ]
        answers = event_ingest_raw(told, actor=BENCH)
        if any(answer.status != 201 for answer in answers):
            raise RuntimeError("the batch to be stored again wasn't booked whole")
        sums: Counter[int] = Counter()
        deltas: Counter[tuple[int, str, str]] = Counter()
        for plan in plans:
            for award in plan.get("awards", ()):
                sums[award["account"]] += award["points"]
            for row in plan.get("counters", ()):
                deltas[row["enrollment"], row["key"], row["period"]] += row["delta"]
        stored = {table: _stored(table, where, name, alone=rows == 1) for table, where in STORED.items()}
    return {
        "rows": rows,
        "stored": stored,
        "accounts": [list(sums), list(sums.values())],
        "counters": [*([key[place] for key in deltas] for place in range(3)), list(deltas.values())],
    }


def _stored(table: str, where: str, name: str, *, alone: bool) -> str:
    """The table's rows of that name: as COPY reads them or, for a call of its own, as the text of an array of rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")
        columns = [each.name for each in cursor.description]
        chosen = ", ".join(f"{ANEW.get((table, each), 't.{0}').format(each)} AS {each}" for each in columns)
        query = f"SELECT {chosen} FROM {table} t WHERE {where}"
        given = {"name": f"{name}-%"}
        if alone:
            cursor.execute(f"SELECT array_agg(r)::text FROM ({query}) r", given)
            return str(cursor.fetchone()[0])
        with cursor.copy(f"COPY ({query}) TO STDOUT", given) as copy:
            return b"".join(bytes(part) for part in copy).decode()
