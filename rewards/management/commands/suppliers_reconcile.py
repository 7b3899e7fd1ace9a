"""manage.py suppliers_reconcile --brand gem [--supplier cards] [--days 8] [--csv differences.csv]

Compares the brand's orders with its suppliers' lists, repairs what can only be right one way, and says what is left.
Exit code 1 when something is left, or when a supplier couldn't be asked.
"""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.actor import Actor
from core.backoffice.export import safe_cell
from rewards.suppliers.models import SupplierConnection, SupplierReconciliation
from rewards.suppliers.reconciling import TITLES, difference_rows, suppliers_reconcile
from tenants.context import brand_context, platform_context
from tenants.models import Brand


class Command(BaseCommand):
    help = "Compare a brand's orders with its suppliers' lists, and repair what can only be right one way."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--brand", required=True, help="the brand's slug")
        parser.add_argument("--supplier", help="the code of one of its suppliers; all of them unless it is said")
        parser.add_argument("--days", type=int, default=8, help="how many days back, at most 92")
        parser.add_argument("--csv", type=Path, help="write the differences here")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_context():
            brand = Brand.objects.filter(slug=options["brand"]).first()
        if brand is None:
            raise CommandError(f"there is no brand {options['brand']!r}")
        if not 1 <= options["days"] <= 92:
            raise CommandError("--days is from 1 to 92")
        with brand_context(brand):
            accounts = SupplierConnection.objects.order_by("code")
            if options["supplier"]:
                accounts = accounts.filter(code=options["supplier"])
            if not accounts:
                raise CommandError("there is no such supplier")
            actor, now = Actor("staff", "command:suppliers_reconcile", "system"), clock.now()
            since = now - timedelta(days=options["days"])
            found = [suppliers_reconcile(connection=each, since=since, until=now, actor=actor) for each in accounts]
            left = sum(self._say(each) for each in found)
            if options["csv"] is not None:
                _write(options["csv"], found)
        if left:
            raise CommandError(f"{left} left to be settled", returncode=1)

    def _say(self, row: SupplierReconciliation) -> int:
        open_ones = row.differences.filter(repaired=False).count()
        repaired = row.differences.filter(repaired=True).count()
        self.stdout.write(
            f"{row.connection.code}: {row.ours} here, {row.theirs} there, {row.agreed} agree, {repaired} repaired,"
            f" {open_ones} left{f'; {row.problem}' if row.problem else ''}"
        )
        return open_ones + bool(row.problem)


def _write(path: Path, found: list[SupplierReconciliation]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("supplier", *TITLES))
        for row in found:
            for cells in difference_rows(row):
                writer.writerow([safe_cell(each) for each in (row.connection.code, *cells)])
