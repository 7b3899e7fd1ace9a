"""manage.py sweepstake_verify draw.json: whether the file of a draw adds up. It needs nothing but the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from draws.drawing import faults_of


class Command(BaseCommand):
    help = "Work a sweepstake's draw out again from its published file: commitment, list of entries, who was drawn."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = json.loads(options["file"].read_text())
            faults = faults_of(told)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if faults:
            raise CommandError("; ".join(faults))
        self.stdout.write(
            f"{told['sweepstake']}: {len(told['entries'])} entries, {len(told['drawn'])} drawn. It adds up."
        )
        if told.get("outside") is not None:
            source = told["outside"].get("source", "")
            name = source.get("en") or next(iter(source.values()), "") if isinstance(source, dict) else source
            self.stdout.write(f"It is bound to {told['outside']['value']!r}; see whether that was announced by: {name}")
