"""Stores the same rows again and again under new names, and nothing else: `python -m bench.storer`, told by JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import psycopg

RUN, UID = "@RUN@", "@UID@"
ACCOUNTS = """
    UPDATE bench_bare.loyalty_pointsaccount a SET balance = a.balance + s.points, issued = a.issued + s.points
    FROM unnest(%s::bigint[], %s::bigint[]) AS s (account, points) WHERE a.id = s.account
"""
COUNTERS = """
    INSERT INTO bench_bare.loyalty_progresscounter AS c (enrollment_id, key, period, value)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[])
    ON CONFLICT (enrollment_id, key, period) DO UPDATE SET value = c.value + excluded.value
"""
ONE = """
    SELECT bench_bare.store_one(
        %s::bench_bare.loyalty_event[], %s::bench_bare.loyalty_order[], %s::bench_bare.loyalty_pointsentry[],
        %s::bench_bare.loyalty_pointslot[], %s::bench_bare.core_outboxmessage[], %s::bigint[], %s::bigint[],
        %s::bigint[], %s::text[], %s::text[], %s::bigint[])
"""


class Storer:
    def __init__(self, told: dict[str, Any], connection: psycopg.Connection[Any]) -> None:
        self.told, self.connection = told, connection
        # Numbers that no other run has, in rising order as the product's ids are.
        self.number = (int(time.time()) % 100_000 * 10 + told["part"]) * 1_000_000

    def named(self, text: str) -> str:
        uid = f"{self.number:012x}"
        return text.replace(RUN, str(self.number)).replace(UID, f"{uid[:8]}-{uid[8:]}")

    def store(self) -> None:
        self.number += 1
        stored = {table: self.named(text) for table, text in self.told["stored"].items()}
        accounts, counters = self.told["accounts"], self.told["counters"]
        if self.told["rows"] == 1:
            self.connection.execute(ONE, [*stored.values(), *accounts, *counters], prepare=True)
            return
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for table, text in stored.items():
                with cursor.copy(f"COPY bench_bare.{table} FROM STDIN".encode()) as copy:
                    copy.write(text)
            cursor.execute(ACCOUNTS, accounts, prepare=True)
            cursor.execute(COUNTERS, counters, prepare=True)


def main() -> None:
    told = json.load(sys.stdin)
    with psycopg.connect(told["url"], autocommit=True) as connection:
        storer = Storer(told, connection)
        begun, done = time.monotonic(), 0
        while (spent := time.monotonic() - begun) < told["seconds"]:
            storer.store()
            done += told["rows"]
    json.dump({"done": done, "seconds": spent}, sys.stdout)


if __name__ == "__main__":
    main()
