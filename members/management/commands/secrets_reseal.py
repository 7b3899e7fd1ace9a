from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.resealing import place_reseal, sealed_places
from tenants.context import each_brand


class Command(BaseCommand):
    help = "Seal every brand's secrets under the first of MASTER_KEYS. Safe to repeat, and while the product runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--brand", action="append", metavar="address", help="only this one; may be repeated")

    def handle(self, *args: Any, brand: list[str] | None, **options: Any) -> None:
        only = set(brand or ())
        for each in each_brand():
            if only and each.slug not in only:
                continue
            counts = {f"{place.table}.{place.key or place.column}": place_reseal(place) for place in sealed_places()}
            told = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing to do"
            self.stdout.write(f"{each.slug}: {told}")
