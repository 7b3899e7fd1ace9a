from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.resealing import place_reseal, sealed_places
from tenants.context import each_brand, platform_context
from tenants.models import Brand


class Command(BaseCommand):
    help = "Seal every brand's secrets under the first of MASTER_KEYS. Safe to repeat, and while the product runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--brand", action="append", metavar="address", help="only this one; may be repeated")

    def handle(self, *args: Any, brand: list[str] | None, **options: Any) -> None:
        only = set(brand or ())
        with platform_context():
            unknown = only - set(Brand.objects.live().values_list("slug", flat=True))
        if unknown:
            raise CommandError(f"there is no live brand {', '.join(sorted(unknown))}")
        for each in each_brand():
            if only and each.slug not in only:
                continue
            counts = {f"{place.table}.{place.key or place.column}": place_reseal(place) for place in sealed_places()}
            told = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing to do"
            self.stdout.write(f"{each.slug}: {told}")
