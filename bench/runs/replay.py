"""The same events again: how much faster a repetition is answered than a fresh one, and that it changes no row."""

from __future__ import annotations

import time

from bench.ground import Ground, unique
from bench.program import order
from bench.report import Finding, Report
from bench.rounds import Sample, interleaved
from bench.seeding import BENCH
from core import clock
from core.tables import OutboxMessage
from loyalty.ingest import event_ingest_raw
from loyalty.models import Enrollment, Event, PointsEntry
from tenants.context import brand_context, platform_context
from tenants.models import Brand

FRESH, AGAIN = "fresh", "again"
ROWS = 1_000


def run(ground: Ground) -> Report:
    report = Report("replay", f"event_ingest() in process with {ROWS:,} events at a time, a second time ÷ fresh")
    report.begin()
    shop, sizes = ground.shops()[0], ground.sizes
    rows = min(ROWS, len(shop.members))
    with platform_context():
        brand = Brand.objects.get(slug=shop.slug)
    sent: list[list[dict[str, object]]] = []
    changed = 0

    def fresh() -> Sample:
        name, at = unique(), clock.now().isoformat()
        sent.append([order(f"{name}-{n}", {"external_id": f"c-{n + 1}"}, occurred_at=at) for n in range(rows)])
        return _timed(sent[-1], 201)

    def again() -> Sample:
        nonlocal changed
        if not sent:
            fresh()
        before = _rows()
        sample = _timed(sent[-1], 200)
        changed += sum(abs(one - other) for one, other in zip(_rows(), before, strict=True))
        return sample

    def _timed(batch: list[dict[str, object]], status: int) -> Sample:
        before, begun = ground.stand.server_cpu() + time.process_time(), time.monotonic()
        answers = event_ingest_raw(batch, actor=BENCH)
        seconds, spent = time.monotonic() - begun, ground.stand.server_cpu() + time.process_time() - before
        return Sample(rows, seconds, spent, errors=sum(answer.status != status for answer in answers))

    with brand_context(brand):
        measured = interleaved({FRESH: fresh, AGAIN: again}, max(3, sizes.rounds))
    report.sides(measured)
    report.ratio(measured, AGAIN, FRESH, goal=5)
    report.cpu(measured, AGAIN, FRESH)
    report.found(Finding("rows that repetitions added, versions that they moved", changed, 0, at_least=False))
    return report


def _rows() -> tuple[int, int, int, int]:
    moved = sum(Enrollment.objects.values_list("version", flat=True))
    return Event.objects.count(), PointsEntry.objects.count(), OutboxMessage.objects.count(), moved
