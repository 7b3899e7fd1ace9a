"""Where a member stands on the ladders and what is missing, as pages, the API and the admin show it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection

from core import clock
from loyalty.definition.basics import LocalText, money_digits
from loyalty.definition.compiled import CompiledLadder, CompiledMetric, CompiledProgram
from loyalty.definition.ladders import Ladder
from loyalty.definition.windows import Anniversary, Rolling, window_anchor
from loyalty.models import Enrollment, ProgressCounter, TierStanding
from loyalty.rules.dates import day_start, local_day
from loyalty.rules.progress import TierProgress, progress_of, tier_progress, values_on
from loyalty.selectors import Place, PlaceRow, accounts_of, named_texts, program_of


class TierStep(msgspec.Struct, frozen=True):
    """One rung, for showing the ladder. thresholds: of each metric, whole units; threshold is the first of them."""

    code: str
    name: LocalText
    threshold: int
    color: str | None
    benefits: tuple[LocalText, ...]
    reached: bool
    current: bool
    thresholds: tuple[int, ...] = ()
    by_invitation: bool = False


class MetricView(msgspec.Struct, frozen=True):
    """One of the things that a ladder goes by. Amounts in the smallest unit; scale says how many digits to show.

    kind: points, money, counter or balance; of: the currency, the money or the counter. threshold, missing: to the next
    tier, None and 0 on the top one. to_keep: still to reach in this window to reach the tier again.
    """

    kind: str
    of: str
    name_one: LocalText
    name_many: LocalText
    scale: int
    reached: int
    threshold: int | None
    missing: int
    to_keep: int


class TierView(msgspec.Struct, frozen=True):
    """Where a member stands and what is missing; amounts in the smallest unit of what the ladder goes by.

    currency: of points, else "". progress, next_threshold, missing, to_keep: of the first metric; metrics has all.
    all_of: every metric must be reached for the next tier, else any. window_ends_at: when the counting starts anew.
    """

    ladder: str
    ladder_name: LocalText
    currency: str
    scale: int
    code: str
    name: LocalText
    color: str | None
    since: datetime | None
    valid_until: datetime | None
    threshold: int
    progress: int
    next_code: str | None
    next_name: LocalText | None
    next_threshold: int | None
    missing: int
    percent: int
    to_keep: int
    window: str
    window_ends_at: datetime | None
    benefits: tuple[LocalText, ...]
    tiers: tuple[TierStep, ...]
    metrics: tuple[MetricView, ...] = ()
    all_of: bool = True


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A standing, as far as it is shown."""

    ladder: str
    tier: str
    since: datetime
    valid_until: datetime | None


def tiers_of(place: Place) -> list[TierView]:
    """Where the member stands on each ladder of the program, with the progress that counts today."""
    compiled = program_of(place)
    if not compiled.ladders:
        return []
    rows = TierStanding.objects.filter(enrollment_id=place.pk)
    standings = [Held(*row) for row in rows.values_list("ladder", "tier", "since", "valid_until")]
    keys = {metric.key for ladder in compiled.ladders.values() for metric in ladder.metrics}
    counters = {
        f"{row.key}@{row.period}": row.value
        for row in ProgressCounter.objects.filter(enrollment_id=place.pk, key__in=keys)
    }
    return _views(_Shown(compiled, counters, _balances(place, compiled), *_own_days(place, compiled)), standings)


# See loyalty/sql/0034_reads_as_text.sql.
_Told = tuple[int, UUID, int, str, int, datetime | None, datetime | None, list[Held], dict[str, int], dict[str, int]]
_TIERS_TOLD = msgspec.json.Decoder(_Told)


def tiers_named(named: Mapping[str, object], program: str | None) -> tuple[PlaceRow, list[TierView]] | None:
    """The same for the member who is named by public_id or external_id, in the program or in the only one, and whose
    place that is. One call; None unless exactly one place is meant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tiers_told(%s, %s, %s)", [*named_texts(named), program])
        [text] = cursor.fetchone()
    if text is None:
        return None
    told = _TIERS_TOLD.decode(text)
    place, (joined_at, enrolled_at, standings, counters, balances) = PlaceRow(*told[:5]), told[5:]
    return place, _views(_Shown(program_of(place), counters, balances, joined_at, enrolled_at), standings)


class _Shown(msgspec.Struct):
    compiled: CompiledProgram
    counters: dict[str, int]
    balances: dict[str, int]
    joined_at: datetime | None
    enrolled_at: datetime | None


def _balances(place: Place, compiled: CompiledProgram) -> dict[str, int]:
    """Only asked for where a ladder goes by them."""
    if not any(metric.kind == "balance" for ladder in compiled.ladders.values() for metric in ladder.metrics):
        return {}
    return dict(accounts_of(place).values_list("currency", "balance"))


def _own_days(place: Place, compiled: CompiledProgram) -> tuple[datetime | None, datetime | None]:
    """When they joined and were enrolled; only asked for where a ladder goes by it."""
    if not any(isinstance(ladder.window, Anniversary) for ladder in compiled.ladders.values()):
        return None, None
    return Enrollment.objects.values_list("member__joined_at", "enrolled_at").get(pk=place.pk)


def _views(shown: _Shown, standings: Iterable[Held]) -> list[TierView]:
    held = {each.ladder: each for each in standings}
    return [_tier_view(shown, ladder, held.get(code)) for code, ladder in shown.compiled.ladders.items()]


def _tier_view(shown: _Shown, ladder: CompiledLadder, standing: Held | None) -> TierView:
    compiled = shown.compiled
    defined = compiled.document.ladder(ladder.code)
    progress, ends = _today(shown, ladder, standing)
    rank = ladder.ranks[progress.tier]
    here = defined.tiers[rank]
    above = next((each for each in defined.tiers if each.code == progress.next_tier), None)
    metrics = metrics_shown(compiled, ladder, progress)
    return TierView(
        ladder=ladder.code,
        ladder_name=defined.name,
        currency=ladder.metrics[0].of if ladder.metrics[0].kind in ("points", "balance") else "",
        scale=metrics[0].scale,
        code=here.code,
        name=here.name,
        color=here.color,
        since=standing.since if standing else None,
        valid_until=standing.valid_until if standing else None,
        threshold=ladder.tiers[rank].threshold,
        progress=progress.earned,
        next_code=above.code if above else None,
        next_name=above.name if above else None,
        next_threshold=progress.next_threshold,
        missing=progress.missing,
        percent=progress.percent,
        to_keep=progress.to_keep,
        window="rolling" if isinstance(ladder.window, Rolling) else ladder.window.key,
        window_ends_at=ends,
        benefits=here.benefits,
        tiers=_steps(defined, ladder, rank),
        metrics=metrics,
        all_of=ladder.every,
    )


def _today(shown: _Shown, ladder: CompiledLadder, standing: Held | None) -> tuple[TierProgress, datetime | None]:
    """What counts today, and when the counting starts anew; a window that rolls, or lasts a lifetime, never does."""
    today = local_day(clock.now(), ladder.zone)
    days = (local_day(each, ladder.zone) if each else None for each in (shown.joined_at, shown.enrolled_at))
    anchor = window_anchor(ladder.window, *days)
    values = values_on(ladder, progress_of(ladder, shown.counters, shown.balances), today, anchor)
    progress = tier_progress(ladder, current=standing.tier if standing else None, values=values)
    if isinstance(ladder.window, Rolling):
        return progress, None
    ends = ladder.window.end(ladder.window.start(today, anchor))
    return progress, day_start(ends, ladder.zone) if ends is not None else None


def metrics_shown(compiled: CompiledProgram, ladder: CompiledLadder, progress: TierProgress) -> tuple[MetricView, ...]:
    """What the ladder goes by, each with its name and unit."""
    return tuple(
        MetricView(*_unit_of(metric, compiled), each.reached, each.threshold, each.missing, each.to_keep)
        for metric, each in zip(ladder.metrics, progress.metrics, strict=True)
    )


def _unit_of(metric: CompiledMetric, compiled: CompiledProgram) -> tuple[str, str, LocalText, LocalText, int]:
    """kind, of, name of one, name of many, digits."""
    if metric.kind == "money":
        return metric.kind, metric.of, metric.of, metric.of, money_digits(metric.of)
    if metric.kind == "counter":
        name = next((each.name for each in compiled.document.counters if each.code == metric.of), metric.of)
        return metric.kind, metric.of, name, name, 0
    currency = compiled.document.currency(metric.of)
    return metric.kind, metric.of, currency.name_one, currency.name_many, currency.scale


def _steps(defined: Ladder, ladder: CompiledLadder, rank: int) -> tuple[TierStep, ...]:
    return tuple(
        TierStep(
            each.code,
            each.name,
            ladder.tiers[position].threshold // ladder.metrics[0].one,
            each.color,
            each.benefits,
            reached=position <= rank and (position == rank or not each.by_invitation),
            current=position == rank,
            thresholds=tuple(
                amount // metric.one
                for amount, metric in zip(ladder.tiers[position].thresholds, ladder.metrics, strict=True)
            ),
            by_invitation=each.by_invitation,
        )
        for position, each in enumerate(defined.tiers)
    )
