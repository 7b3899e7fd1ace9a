"""manage.py retail_convert FOLDER OUT: a shop's invoice export to members.ndjson, events.ndjson and two lists."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser

from sandbox.retail import Left, convert, lines_read


class Command(BaseCommand):
    help = "Turn invoices.csv and lines_*.csv.gz of a folder into files for events_import."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("out", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder, out = options["folder"], options["out"]
        out.mkdir(parents=True, exist_ok=True)
        with (folder / "invoices.csv").open(encoding="utf-8", newline="") as file:
            done = convert(csv.DictReader(file), lines_read(folder.glob("lines_*.csv.gz")))
        encoder = msgspec.json.Encoder()
        (out / "members.ndjson").write_bytes(encoder.encode_lines(done.members))
        (out / "events.ndjson").write_bytes(encoder.encode_lines(done.events))
        self._list(out / "left_out.csv", done.left_out)
        self._list(out / "unmatched.csv", done.unmatched)
        self.stdout.write(
            f"{len(done.members)} members, {len(done.events)} events, {len(done.left_out)} rows left out,"
            f" {len(done.unmatched)} cancellations not wholly matched"
        )

    def _list(self, path: Path, rows: Iterable[Left]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["invoice", "reason"])
            writer.writerows([row.invoice, row.reason] for row in rows)
