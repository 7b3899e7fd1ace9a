from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from tenants.provision import brand_drop


class Command(BaseCommand):
    help = "Remove a brand with everything in it. Not undoable: take a pg_dump of its schema first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="address")
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, slug: str, yes: bool, **options: Any) -> None:
        if not yes and input(f"Type {slug} to remove it for good: ") != slug:
            raise CommandError("Nothing was removed.")
        try:
            brand_drop(slug=slug)
        except DomainError as error:
            raise CommandError(str(error.detail)) from error
        self.stdout.write(f"{slug} removed")
