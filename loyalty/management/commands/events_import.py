"""manage.py events_import --brand gem orders.ndjson [--members members.ndjson] [--rejected rejected.csv]

CSV with `--format csv`: its columns are named as the fields (id, order.number, order.total_minor …) or like them, else
--mapping names a JSON file as docs/imports.md has it. Cut off and run again, it goes on where it was.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actor import Actor
from core.errors import DomainError
from core.garbage import garbage_rarely
from loyalty.imports.files import pieces_of
from loyalty.imports.jobs import Wish, file_received, import_create, import_start
from loyalty.imports.report import rejects_write
from loyalty.imports.runner import import_work
from loyalty.ledger import ledger_invariants
from loyalty.models import ImportJob
from tenants.context import brand_context, platform_context
from tenants.models import Brand


class Command(BaseCommand):
    help = (
        "Import events (and members) from files of JSON lines or CSV into a brand, each once, however often it is run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--brand", required=True, help="the brand's slug")
        parser.add_argument("--members", type=Path, help="create these members first (same format)")
        parser.add_argument("--source", default="import", help="the source that the ids are unique in")
        parser.add_argument("--program", default="", help="the program of rows that name none")
        parser.add_argument("--format", choices=ImportJob.Format.values, default="ndjson")
        parser.add_argument("--mapping", type=Path, help="JSON: which column of a CSV is what")
        parser.add_argument("--rejected", type=Path, help="write a CSV of the refused rows here")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_context():
            brand = Brand.objects.filter(slug=options["brand"]).first()
        if brand is None:
            raise CommandError(f"there is no brand {options['brand']!r}")
        mapping = json.loads(options["mapping"].read_text("utf-8")) if options["mapping"] else None
        garbage_rarely()
        wish = Wish(format=options["format"], source=options["source"], program=options["program"], starts_itself=True)
        with brand_context(brand):
            if options["members"] is not None:
                self._import(options["members"], Wish(kind="members", format=wish.format, source=wish.source,
                                                      starts_itself=True))  # fmt: skip
            wish.mapping = mapping
            job = self._import(options["file"], wish)
            if options["rejected"] is not None:
                with options["rejected"].open("w", encoding="utf-8", newline="") as file:
                    rejects_write(job, file)
            self._say(f"issued {job.issued}, reversed {job.reversed}, refused because {job.reasons}")
            broken = ledger_invariants()
            self._say(f"ledger_invariants: {len(broken)} broken")
            if broken:
                raise CommandError(str(broken[:5]))

    def _import(self, path: Path, wish: Wish) -> ImportJob:
        """Bring one file in, to its end."""
        if not path.exists():
            raise CommandError(f"there is no file {path}")
        wish.filename = path.name
        actor = Actor("partner", "import", wish.source)
        try:
            with path.open("rb") as file, file_received(pieces_of(file)) as kept:
                job, new = import_create(kept=kept, wish=wish, actor=actor, wakes=False)
            if job.state in (ImportJob.State.READY, ImportJob.State.PAUSED):
                job = import_start(job=job, actor=actor)
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.hint}") from error
        if not new:
            self._say(f"this file was begun before: going on after {job.done} rows")
        return self._work(job)

    def _work(self, job: ImportJob) -> ImportJob:
        started, begun = time.monotonic(), job.done

        def progress(job: ImportJob) -> None:
            rate = (job.done - begun) / max(time.monotonic() - started, 0.001)
            self._say(f"{job.kind}: {job.done} of {job.total} rows, {rate:.0f}/s, {job.counts}")

        told = False
        while job.open:
            job = import_work(job.pk, progress=progress)
            if job.open and not told:
                self._say("an earlier run may still be at it; waiting until it is given up")
                told = True
            if job.open:
                time.sleep(1)
        if job.state == ImportJob.State.FAILED:
            raise CommandError(str((job.problem or {}).get("detail", job.state)))
        seconds = time.monotonic() - started
        self._say(f"done: {job.kind}, {job.done - begun} rows in {seconds:.1f} s, in all {job.done}: {job.counts}")
        return job

    def _say(self, text: str) -> None:
        self.stdout.write(text)
