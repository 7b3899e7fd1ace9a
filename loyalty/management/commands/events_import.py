"""manage.py events_import --brand gem orders.ndjson [--members members.ndjson] [--rejected rejected.csv]"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actor import Actor
from loyalty.importing import ImportReport, events_import, members_import
from loyalty.ledger import ledger_invariants
from tenants.context import brand_context, platform_context
from tenants.models import Brand


class Command(BaseCommand):
    help = "Import newline-delimited JSON events into a brand, each once, however often it is run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--brand", required=True, help="the brand's slug")
        parser.add_argument("--members", type=Path, help="create these members first (newline-delimited JSON)")
        parser.add_argument("--source", default="import", help="the source that the ids are unique in")
        parser.add_argument("--rejected", type=Path, help="write a CSV of the refused rows here")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_context():
            brand = Brand.objects.filter(slug=options["brand"]).first()
        if brand is None:
            raise CommandError(f"there is no brand {options['brand']!r}")
        actor = Actor("partner", "import", options["source"])
        with brand_context(brand), ExitStack() as stack:
            if options["members"] is not None:
                source = stack.enter_context(self._open(options["members"]))
                counts = members_import(source, actor=actor, progress=lambda done: self._say(f"members {dict(done)}"))
                self._say(f"members: {dict(counts)}")
            rejected = options["rejected"] and stack.enter_context(options["rejected"].open("w", encoding="utf-8"))
            started = time.monotonic()
            report = events_import(
                stack.enter_context(self._open(options["file"])),
                actor=actor,
                rejected=rejected,
                progress=lambda report: self._say(self._line(report, started)),
            )
            self._say(f"done: {self._line(report, started)}")
            self._say(f"issued {report.issued}, reversed {report.reversed}, refused because {report.reasons}")
            broken = ledger_invariants()
            self._say(f"ledger_invariants: {len(broken)} broken")
            if broken:
                raise CommandError(str(broken[:5]))

    def _open(self, path: Path) -> Any:
        if not path.exists():
            raise CommandError(f"there is no file {path}")
        return path.open("rb")

    def _line(self, report: ImportReport, started: float) -> str:
        rate = report.rows / max(time.monotonic() - started, 0.001)
        return f"{report.rows} rows, {rate:.0f}/s, {report.counts}"

    def _say(self, text: str) -> None:
        self.stdout.write(text)
