"""manage.py demo_seed [--print-logins]: the demo's brands, made once; the log-ins as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from sandbox.demo.seeding import demo_seed, notes_path


class Command(BaseCommand):
    help = "Make the demo's brands with members and history; what is there is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print-logins", action="store_true", help="only print the log-ins, as JSON")

    def handle(self, *args: Any, print_logins: bool, **options: Any) -> None:
        if print_logins:
            notes = json.loads(notes_path().read_text()) if notes_path().exists() else {}
            rows = [{**row, "url": self._url(row["slug"])} for rows in notes.values() for row in rows]
            self.stdout.write(json.dumps(rows))
            return
        rows = demo_seed(say=lambda text: self.stdout.write(f"  {text}"))
        self.stdout.write(f"  {len(rows)} log-ins ready")

    def _url(self, slug: str) -> str:
        port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
        return f"{settings.PUBLIC_SCHEME}://{slug}{settings.BRAND_HOST_SUFFIX}{port}/"
