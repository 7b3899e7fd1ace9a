"""What a changed ladder does to the members who stand on it: counted before it is published, carried out afterwards.

Carried out: tiers that are gone give their members to the tiers that the ladder names for them; and, as the publisher
chose, those who reach more by the new thresholds rise (upgrades_only), or everyone is put where they belong (full).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec
from django.db import connection
from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from core.tables import JobRun
from loyalty.booking import Plan
from loyalty.cases import move_tell
from loyalty.definition.basics import LocalText
from loyalty.definition.compile import compile_program
from loyalty.definition.compiled import CompiledLadder
from loyalty.definition.document import Document
from loyalty.definition.expiry import add_months
from loyalty.definition.ladders import Ladder
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import DefinitionError, Problem
from loyalty.definition.read import document_decode, document_shape
from loyalty.definition.windows import CalendarYear, Lifetime, Month, Quarter, Rolling
from loyalty.drafts import draft_plain
from loyalty.lapsing import anchor_of
from loyalty.models import Program
from loyalty.published import newest_version
from loyalty.rules.dates import local_day
from loyalty.rules.tiers import Kind, TierMove, rank_of, tier_runs_out
from loyalty.tiernights import ONE_BY_ONE, Holder, chunk_book
from loyalty.versions import ProgramState

JOB = "tiers_recalculate"
Mode = Literal["none", "upgrades_only", "full"]
MODES: tuple[Mode, ...] = ("none", "upgrades_only", "full")


class Recalculated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A recalculation that is done: when, and what was chosen for which ladder."""

    at: datetime
    modes: dict[str, str]


class Move(msgspec.Struct, frozen=True):
    """So many members of a tier would go to another one. to "": nobody says where."""

    from_tier: str
    to_tier: str
    members: int


class LadderPreview(msgspec.Struct, frozen=True):
    """now: members per tier as they stand. moves: by mode, those who would move. lost: tiers that nobody takes over.

    tiers: their names by code, from low to high, those that the document no longer has at the end.
    """

    ladder: str
    name: LocalText
    tiers: dict[str, LocalText]
    now: dict[str, int]
    moves: dict[str, list[Move]]
    lost: dict[str, int]

    @property
    def rows(self) -> list[tuple[str, int, list[int]]]:
        """Per tier: how many stand on it now, and how many would by mode, in the order of MODES."""
        known = [*self.tiers, *(tier for tier in self.now if tier not in self.tiers)]
        then: dict[str, list[int]] = {tier: [self.now.get(tier, 0)] * len(MODES) for tier in known}
        for at, mode in enumerate(MODES):
            for move in self.moves[mode]:
                then[move.from_tier][at] -= move.members
                then[move.to_tier][at] += move.members
        return [(tier, self.now.get(tier, 0), counts) for tier, counts in then.items()]

    @property
    def columns(self) -> list[list[Move]]:
        """The moves by mode, in the order of MODES."""
        return [self.moves[mode] for mode in MODES]


def tier_preview(program: Program, document: Document, before: Sequence[Ladder] = ()) -> list[LadderPreview]:
    """For every ladder of the document on which members stand; one statement each. before: what names old tiers."""
    compiled = compile_program(document)
    old = {each.code: each for each in before}
    return [
        _previewed(program.pk, document.ladder(code), ladder, old.get(code))
        for code, ladder in compiled.ladders.items()
    ]


def draft_previews(program: Program) -> list[LadderPreview]:
    """Of the ladders that the draft changes, for the page on which it is published; none while it can't be."""
    return changed_previews(program, draft_plain(program))


def changed_previews(program: Program, plain: dict[str, Any]) -> list[LadderPreview]:
    """Of the ladders that a document changes against the newest version; none while it can't be published."""
    newest = newest_version(program)
    if newest is None:
        return []
    try:
        document = document_decode(plain)
    except DefinitionError:
        return []
    before = document_shape(newest.document).ladders
    changed = {each.code for each in document.ladders if each not in before}
    return [each for each in tier_preview(program, document, before) if each.ladder in changed and each.now]


def preview_problems(program: Program, document: Document) -> list[Problem]:
    """Tiers that are gone while members stand on them, and no word of where these go."""
    standing = _standing_on(program.pk)
    problems: list[Problem] = []
    for index, ladder in enumerate(document.ladders):
        codes = {each.code for each in ladder.tiers}
        for tier, members in standing.get(ladder.code, {}).items():
            if tier not in codes and tier not in ladder.moved_tiers:
                problems.append(
                    Problem(
                        f"ladders[{index}].moved_tiers",
                        phrase(
                            "%(members)s members stand on %(tier)r, which the ladder no longer has.",
                            members=members,
                            tier=tier,
                        ),
                        phrase(
                            "Say where they go: moved_tiers: {%(tier)s: %(code)s}.",
                            tier=tier,
                            code=ladder.tiers[0].code,
                        ),
                    )
                )
    return problems


def recalculation_note(
    *,
    program: Program,
    before: Document,
    document: Document,
    modes: Mapping[str, Mode],
    number: int,
    in_force_from: datetime,
) -> None:
    """Keep what was chosen until the version is in force. Within the publication's transaction.

    modes: by ladder; one that isn't named is left as it is. InvalidInput for a ladder that the document doesn't have.
    """
    for code in modes:
        if all(code != each.code for each in document.ladders):
            raise InvalidInput(_("There is no ladder “%(code)s”.") % {"code": code}, field="tier_recalculation")
    old = {each.code: each for each in before.ladders}
    standing = _standing_on(program.pk)
    chosen: dict[str, Mode] = {}
    for ladder in document.ladders:
        codes = {each.code for each in ladder.tiers}
        mode = modes.get(ladder.code, "none")
        changed = mode != "none" and old.get(ladder.code) not in (None, ladder)
        if changed or any(tier not in codes for tier in standing.get(ladder.code, {})):
            chosen[ladder.code] = mode
    if chosen:
        JobRun.objects.create(
            job=JOB,
            scope=f"{program.slug}:{number}",
            local_date=in_force_from.date(),
            started_at=in_force_from,
            outcome={"modes": chosen, "moved": 0},
        )


def recalculations_run(state: ProgramState) -> int:
    """Carry out what is due of the program; chunk by chunk, to be taken up again where it was left. How many moved."""
    now, moved = clock.now(), 0
    due = JobRun.objects.filter(job=JOB, scope__startswith=f"{state.slug}:", finished_at__isnull=True)
    for run in due.filter(started_at__lte=now).order_by("started_at", "id"):
        for ladder, mode in run.outcome["modes"].items():
            for each in _recalculate(state, ladder, mode, now):
                moved += each
                run.outcome = {**run.outcome, "moved": run.outcome["moved"] + each}
                run.save(update_fields=["outcome"])
        run.finished_at = clock.now()
        run.save(update_fields=["finished_at"])
    return moved


def _recalculate(state: ProgramState, code: str, mode: str, at: datetime) -> Iterator[int]:
    compiled = state.at(at)
    ladder = compiled.ladders.get(code)
    if ladder is None:
        return
    defined = compiled.document.ladder(code)
    counted: dict[int, str] = {}

    def put(each: Holder, plan: Plan) -> None:
        standing = each.place.standing(code)
        if standing is None or each.place.id not in wanted:
            return
        own, _until = standing.earned
        if own != counted.get(each.place.id):
            return  # moved since it was counted, by what is in force
        to = wanted[each.place.id]
        move = recalculation_move(ladder, own=own, to=to, at=at, anchor=anchor_of(ladder, each.place, each.joined_at))
        moved = plan.move_take(move, place=each.place, event_id=None, at=at, cause="program", ranks=ladder.ranks)
        if moved.kind != "kept":
            move_tell(plan, ladder, moved, at=at, member_id=each.member_id, program=state.slug)

    after = 0
    while True:
        rows = _rows(_EACH, state.id, ladder, after=after)
        if not rows:
            return
        after = rows[-1][0]
        counted.update((place, own) for place, own, _reached in rows)
        wanted = {
            place: to
            for place, own, reached in rows
            if (to := tier_goes(defined, ladder, own, reached, mode)) is not None and ladder.tiers[to].code != own
        }
        if wanted:
            chunk_book(sorted(wanted), put)
            yield len(wanted)


def recalculation_move(ladder: CompiledLadder, *, own: str, to: int, at: datetime, anchor: date) -> TierMove:
    """From the tier that was earned to that rank, for as long as it holds from then on."""
    holds = tier_runs_out(ladder, rank=to, at=at, anchor=anchor)
    kind: Kind = "upgraded" if to > rank_of(ladder, own) else "downgraded"
    return TierMove(ladder.code, kind, own, ladder.tiers[to].code, holds)


def _previewed(program_id: int, defined: Ladder, ladder: CompiledLadder, old: Ladder | None) -> LadderPreview:
    now: dict[str, int] = {}
    lost: dict[str, int] = {}
    moves: dict[str, dict[tuple[str, str], int]] = {mode: {} for mode in MODES}
    for own, reached, members in _rows(_COUNTS, program_id, ladder):
        now[own] = now.get(own, 0) + members
        for mode in MODES:
            to = tier_goes(defined, ladder, own, reached, mode)
            if to is None:
                lost[own] = now[own]
            elif ladder.tiers[to].code != own:
                key = (own, ladder.tiers[to].code)
                moves[mode][key] = moves[mode].get(key, 0) + members
    told = {mode: [Move(*key, members) for key, members in sorted(found.items())] for mode, found in moves.items()}
    names = {each.code: each.name for each in defined.tiers}
    names |= {each.code: each.name for each in (old.tiers if old else ()) if each.code not in names}
    return LadderPreview(ladder.code, defined.name, names, now, told, lost)


def tier_goes(defined: Ladder, ladder: CompiledLadder, own: str, reached: int, mode: str) -> int | None:
    """The rank to which a member of that tier goes; None when the tier is gone and nobody says where to."""
    here = ladder.ranks.get(defined.moved_tiers.get(own, own))
    if here is None:
        return None
    if mode == "upgrades_only":
        return max(here, reached)
    return reached if mode == "full" else here


# own: what was earned, whatever is given. reached: the highest rank in any window that still counts.
_REACHED = """
WITH asked AS MATERIALIZED (
    SELECT (r.n - 1)::integer AS rank, m.n::integer AS metric, m.amount::bigint AS amount
    FROM jsonb_array_elements(%(asked)s::jsonb) WITH ORDINALITY AS r (value, n)
    CROSS JOIN LATERAL jsonb_array_elements_text(nullif(r.value, 'null')) WITH ORDINALITY AS m (amount, n)
), places AS MATERIALIZED (
    SELECT n.id, coalesce(n.pool_id, n.id) AS holder, CASE WHEN s.floor_tier = '' THEN s.tier ELSE s.own_tier END AS own
    FROM loyalty_tierstanding s JOIN loyalty_enrollment n ON n.id = s.enrollment_id
    WHERE n.program_id = %(program)s AND s.ladder = %(ladder)s AND n.id > %(after)s ORDER BY n.id LIMIT %(limit)s
), sums AS MATERIALIZED (
    SELECT c.enrollment_id, CASE WHEN %(rolls)s THEN '' ELSE c.period END AS w,
           array_position(%(keys)s::text[], c.key::text) AS metric, sum(c.value) AS value
    FROM loyalty_progresscounter c JOIN places p ON p.id = c.enrollment_id
    WHERE c.key = ANY (%(keys)s::text[]) AND c.period BETWEEN %(first)s AND %(last)s GROUP BY 1, 2, 3
    UNION ALL
    SELECT p.id, '', 1, a.balance FROM loyalty_pointsaccount a JOIN places p ON p.holder = a.enrollment_id
    WHERE a.currency = %(balance)s
), best AS MATERIALIZED (
    SELECT enrollment_id, max(rank) AS rank FROM (
        SELECT q.enrollment_id, q.w, a.rank FROM (SELECT DISTINCT enrollment_id, w FROM sums) q CROSS JOIN asked a
        LEFT JOIN sums v ON v.enrollment_id = q.enrollment_id AND v.w = q.w AND v.metric = a.metric
        GROUP BY q.enrollment_id, q.w, a.rank
        HAVING CASE WHEN %(every)s THEN bool_and(coalesce(v.value, 0) >= a.amount)
                    ELSE bool_or(coalesce(v.value, 0) >= a.amount) END
    ) r GROUP BY enrollment_id
)
"""
_COUNTS = (
    _REACHED
    + """
SELECT p.own, coalesce(b.rank, 0), count(*) FROM places p LEFT JOIN best b ON b.enrollment_id = p.id
GROUP BY 1, 2 ORDER BY 1, 2
"""
)
_EACH = (
    _REACHED
    + """
SELECT p.id, p.own, coalesce(b.rank, 0) FROM places p LEFT JOIN best b ON b.enrollment_id = p.id ORDER BY p.id
"""
)


def _rows(statement: str, program_id: int, ladder: CompiledLadder, after: int = 0) -> list[Any]:
    first, last = counting_periods(ladder, local_day(clock.now(), ladder.zone))
    held = ladder.metrics[0].kind == "balance"
    asked = [None if each.by_invitation else list(each.thresholds) for each in ladder.tiers]
    params: dict[str, Any] = {
        "program": program_id, "ladder": ladder.code, "after": after, "every": ladder.every,
        "limit": ONE_BY_ONE if statement is _EACH else None, "rolls": isinstance(ladder.window, Rolling),
        "keys": [] if held else [each.key for each in ladder.metrics], "first": first, "last": last,
        "balance": ladder.metrics[0].of if held else None, "asked": msgspec.json.encode(asked).decode(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def counting_periods(ladder: CompiledLadder, today: date) -> tuple[str, str]:
    """The first and the last period that still count on that day."""
    if isinstance(ladder.window, Lifetime):
        return "", ""
    if isinstance(ladder.window, Rolling):
        return (add_months(today, -ladder.window.months) + timedelta(days=1)).isoformat(), today.isoformat()
    months = {CalendarYear: 12, Quarter: 3, Month: 1}.get(type(ladder.window), 12)
    back = months if ladder.valid == "end_of_next_window" else 0
    oldest = add_months(today - timedelta(days=ladder.grace_days), -back)
    # A window counts that began within so long before that day.
    return max(date(1900, 1, 1), add_months(oldest, -months) + timedelta(days=1)).isoformat(), today.isoformat()


def _standing_on(program_id: int) -> dict[str, dict[str, int]]:
    """ladder → tier → members."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.ladder, CASE WHEN s.floor_tier = '' THEN s.tier ELSE s.own_tier END, count(*)"
            " FROM loyalty_tierstanding s JOIN loyalty_enrollment n ON n.id = s.enrollment_id"
            " WHERE n.program_id = %s GROUP BY 1, 2",
            [program_id],
        )
        found: dict[str, dict[str, int]] = {}
        for ladder, tier, members in cursor.fetchall():
            found.setdefault(ladder, {})[tier] = members
    return found
