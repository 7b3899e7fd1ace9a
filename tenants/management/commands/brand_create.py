from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from tenants.provision import brand_provision


class Command(BaseCommand):
    help = "Create brands, each with its schema, its owner and its address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="+", metavar="address")
        parser.add_argument("--name", help="the brand's name (default: made from the address)")
        parser.add_argument("--email", help="the owner's e-mail (default: owner@<address>.example)")
        parser.add_argument("--template", default="", help="key of a program template")
        parser.add_argument("--language", default="en", choices=["en", "nl"])

    def handle(self, *args: Any, slugs: list[str], **options: Any) -> None:
        if options["name"] and len(slugs) > 1:
            raise CommandError("--name goes with one address only")
        for slug in slugs:
            started = time.monotonic()
            try:
                brand = brand_provision(
                    slug=slug,
                    name=options["name"] or slug.replace("-", " ").title(),
                    owner_email=options["email"] or f"owner@{slug}.example",
                    template=options["template"],
                    language=options["language"],
                )
            except DomainError as error:
                raise CommandError(f"{slug}: {error.detail}") from error
            self.stdout.write(f"{brand.slug}: schema {brand.schema_name} in {time.monotonic() - started:.2f} s")
