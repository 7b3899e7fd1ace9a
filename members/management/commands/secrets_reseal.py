from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from core.resealing import place_reseal, sealed_places
from tenants.context import each_brand


class Command(BaseCommand):
    help = "Seal every brand's secrets under the first of MASTER_KEYS. Safe to repeat, and while the product runs."

    def handle(self, *args: Any, **options: Any) -> None:
        for brand in each_brand():
            counts = {f"{place.table}.{place.key or place.column}": place_reseal(place) for place in sealed_places()}
            told = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing to do"
            self.stdout.write(f"{brand.slug}: {told}")
