"""The rows that were refused, as a CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO, Any

from core.backoffice.export import safe_cell
from loyalty.models import ImportJob, ImportReject

TITLES = ("line", "id", "code", "field", "reason")


def reject_rows(job: ImportJob) -> Iterator[tuple[Any, ...]]:
    """In the order of the file, fetched little by little."""
    found = ImportReject.objects.filter(job=job).order_by("line")
    for each in found.iterator(chunk_size=2_000):
        yield each.line, each.external_id, each.code, each.field, each.reason


def rejects_write(job: ImportJob, into: IO[str]) -> int:
    """Titles and rows. How many rows there were."""
    writer = csv.writer(into)
    writer.writerow(TITLES)
    count = 0
    for row in reject_rows(job):
        writer.writerow([safe_cell(cell) for cell in row])
        count += 1
    return count
