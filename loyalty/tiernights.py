"""The night's work on tiers: those whose time is over, those that go by a balance, and the notice before an end.

Many standings that end at the same instant are looked at by one statement (tiers_expire_batch), as rules/nights plans
it. The others are read, judged by the pure rules and booked, some thousands at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from core import clock
from loyalty import ledger
from loyalty.booking import Plan
from loyalty.cases import move_tell
from loyalty.definition.compiled import CompiledLadder
from loyalty.lapsing import Whose, anchor_of, place_progress, standings_lapse
from loyalty.reading import Place
from loyalty.rules.dates import day_start, local_day
from loyalty.rules.nights import night_plan
from loyalty.rules.progress import TierProgress, tier_progress, values_on
from loyalty.rules.tiers import rank_of, tier_by_balance, tier_expire
from loyalty.versions import ProgramState

AT_ONCE, ONE_BY_ONE = 10_000, 2_000


class Holder(msgspec.Struct):
    """A member's place with what looking at their tiers needs."""

    place: Place
    member_id: str
    joined_at: datetime


def tiers_end(state: ProgramState, midnight: datetime) -> Iterator[int]:
    """Every standing whose time is over by then; yields how many, chunk by chunk."""
    compiled = state.at(midnight)
    planned = True
    while planned:
        planned = False
        for code, until in _ends(state.id, midnight):
            ladder = compiled.ladders.get(code)
            plan = night_plan(ladder, until, midnight) if ladder is not None else None
            if plan is None:
                continue
            for looked_at in _batches(state, code, until, msgspec.json.encode(plan).decode()):
                planned = True
                yield looked_at
    while moved := tiers_end_chunk(state, midnight):
        yield moved


_ENDS = """
SELECT DISTINCT s.valid_until, s.ladder FROM loyalty_tierstanding s
JOIN loyalty_enrollment n ON n.id = s.enrollment_id
WHERE n.program_id = %s AND s.valid_until <= %s AND s.floor_tier = '' ORDER BY s.valid_until, s.ladder
"""


def _ends(program_id: int, midnight: datetime) -> list[tuple[str, datetime]]:
    """(ladder, instant) at which standings end that have no floor under them."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDS, [program_id, midnight])
        return [(ladder, until) for until, ladder in cursor.fetchall()]


def _batches(state: ProgramState, ladder: str, until: datetime, plan: str) -> Iterator[int]:
    after = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT last_enrollment, looked_at FROM tiers_expire_batch(%s, %s, %s, %s, %s, %s, %s, %s::jsonb)",
                [state.id, state.slug, ladder, until, after, AT_ONCE, clock.now(), plan],
            )
            row = cursor.fetchone()
        if row is None or not row[1]:
            return
        after = row[0]
        yield row[1]


_DUE = """
SELECT s.enrollment_id FROM loyalty_tierstanding s JOIN loyalty_enrollment n ON n.id = s.enrollment_id
WHERE n.program_id = %s AND s.valid_until IS NOT NULL AND s.valid_until <= %s ORDER BY s.valid_until LIMIT %s
"""


def tiers_end_chunk(state: ProgramState, midnight: datetime) -> int:
    """Look at up to a chunk of standings whose time is over, their members locked. How many moved; 0: none is due."""
    compiled = state.at(midnight)

    def lapse(each: Holder, plan: Plan) -> None:
        whose = Whose(each.member_id, state.slug, each.joined_at)
        standings_lapse(each.place, compiled=compiled, plan=plan, at=midnight, whose=whose)

    # What was due and didn't move would be due for ever: the count is of what was planned.
    return chunk_book(_ids(_DUE, [state.id, midnight, ONE_BY_ONE]), lapse)


def tiers_by_balance(state: ProgramState, midnight: datetime) -> Iterator[int]:
    """Ladders that go by a balance: up or down to what it is now."""
    for ladder in state.at(midnight).ladders.values():
        if ladder.metrics[0].kind == "balance":
            yield from _ladder_by_balance(state, ladder, midnight)


_OTHER = """
SELECT s.enrollment_id FROM loyalty_tierstanding s
JOIN loyalty_enrollment n ON n.id = s.enrollment_id AND n.program_id = %(program)s
JOIN loyalty_pointsaccount a ON a.enrollment_id = coalesce(n.pool_id, n.id) AND a.currency = %(currency)s
JOIN unnest(%(codes)s::text[], %(low)s::bigint[], %(high)s::bigint[]) AS t (code, low, high)
  ON t.code = CASE WHEN s.floor_tier = '' THEN s.tier ELSE s.own_tier END
WHERE s.ladder = %(ladder)s AND s.enrollment_id > %(after)s AND (a.balance < t.low OR a.balance >= t.high)
ORDER BY s.enrollment_id LIMIT %(limit)s
"""


def _ladder_by_balance(state: ProgramState, ladder: CompiledLadder, midnight: datetime) -> Iterator[int]:
    rungs = [each for each in ladder.tiers if not each.by_invitation]
    highs = [each.threshold for each in rungs[1:]] + [2**62]
    lows = [each.threshold if each.rank and ladder.downgrade != "none" else -(2**62) for each in rungs]
    found: dict[str, Any] = {
        "program": state.id, "currency": ladder.metrics[0].of, "ladder": ladder.code, "limit": ONE_BY_ONE, "after": 0,
        "codes": [each.code for each in rungs], "low": lows, "high": highs,
    }  # fmt: skip

    def follow(each: Holder, plan: Plan) -> None:
        standing = each.place.standing(ladder.code)
        account = each.place.account(ladder.metrics[0].of)
        if standing is None or account is None:
            return
        move = tier_by_balance(ladder, current=standing.earned[0], balance=account.balance)
        if move is None:
            return
        moved = plan.move_take(move, place=each.place, event_id=None, at=midnight, cause="balance", ranks=ladder.ranks)
        if moved.kind != "kept":
            move_tell(plan, ladder, moved, at=midnight, member_id=each.member_id, program=state.slug)

    while ids := _ids(_OTHER, found):
        moved = chunk_book(ids, follow)
        found["after"] = ids[-1]
        if moved:
            yield moved


_SOON = """
SELECT s.enrollment_id FROM loyalty_tierstanding s
JOIN loyalty_enrollment n ON n.id = s.enrollment_id AND n.program_id = %(program)s
WHERE s.ladder = %(ladder)s AND s.valid_until > %(from)s AND s.valid_until <= %(until)s AND s.enrollment_id > %(after)s
  AND s.told_until IS DISTINCT FROM s.valid_until ORDER BY s.enrollment_id LIMIT %(limit)s
"""


def tiers_notice(state: ProgramState, midnight: datetime) -> Iterator[int]:
    """Tell who loses a tier soon what it takes to stay; once for each end. Who has done enough isn't told."""
    for ladder in state.at(midnight).ladders.values():
        if not ladder.notice_days:
            continue
        day = local_day(midnight, ladder.zone) + timedelta(days=ladder.notice_days + ladder.grace_days)
        found: dict[str, Any] = {
            "program": state.id, "ladder": ladder.code, "from": midnight, "limit": ONE_BY_ONE, "after": 0,
            "until": day_start(day, ladder.zone),
        }  # fmt: skip
        while ids := _ids(_SOON, found):
            found["after"] = ids[-1]
            yield _tell_end(state, ladder, ids, midnight)


def _tell_end(state: ProgramState, ladder: CompiledLadder, ids: Sequence[int], midnight: datetime) -> int:
    told: list[int] = []

    def tell(each: Holder, plan: Plan) -> None:
        standing = each.place.standing(ladder.code)
        if standing is None or standing.valid_until is None:
            return
        told.append(each.place.id)
        missing = tier_ending(ladder, each, standing.valid_until)
        if missing is not None:
            body = _told(ladder, standing.tier, standing.valid_until, missing)
            plan.tell("tier.ending", member_id=each.member_id, program=state.slug, **body)

    with transaction.atomic():
        chunk_book(ids, tell)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE loyalty_tierstanding SET told_until = valid_until"
                " WHERE enrollment_id = ANY (%s) AND ladder = %s",
                [told, ladder.code],
            )
    return len(ids)


def tier_ending(ladder: CompiledLadder, each: Holder, until: datetime) -> TierProgress | None:
    """What is missing to stay, of the window that counts at that end; None when the tier wouldn't be lost then."""
    standing = each.place.standing(ladder.code)
    assert standing is not None
    progress, anchor = place_progress(ladder, each.place), anchor_of(ladder, each.place, each.joined_at)
    own, own_until = standing.earned
    given = bool(standing.floor_tier) and standing.tier == standing.floor_tier
    if given and rank_of(ladder, own) >= rank_of(ladder, standing.tier) and (own_until is None or own_until > until):
        return None  # what was given ends, and the same was earned for longer
    if not given:
        move = tier_expire(ladder, current=standing.tier, valid_until=until, progress=progress, at=until, anchor=anchor)
        if move is None or move.kind != "downgraded":
            return None
    last = local_day(until, ladder.zone) - timedelta(days=ladder.grace_days + 1)
    return tier_progress(ladder, current=standing.tier, values=values_on(ladder, progress, last, anchor))


def _told(ladder: CompiledLadder, tier: str, until: datetime, missing: TierProgress) -> dict[str, Any]:
    return {
        "ladder": ladder.code,
        "tier": tier,
        "ends_at": until,
        "to_keep": [
            {"kind": metric.kind, "of": metric.of, "amount": each.to_keep, "one": metric.one}
            for metric, each in zip(ladder.metrics, missing.metrics, strict=True)
            if each.to_keep
        ],
    }


# --- members, some thousands at a time -------------------------------------------------------------------------------
_PLACES = """
SELECT json_build_object('member_id', m.public_id, 'joined_at', m.joined_at,
    'place', json_build_object('id', n.id, 'program_id', n.program_id, 'version', n.version,
    'enrolled_at', n.enrolled_at, 'moves', json_build_array(),
    'accounts', coalesce((
        SELECT json_agg(to_jsonb(a) || jsonb_build_object('held', a.balance + a.pending + a.reserved))
        FROM loyalty_pointsaccount a WHERE a.enrollment_id = coalesce(n.pool_id, n.id)), '[]'),
    'standings', coalesce((SELECT json_agg(to_jsonb(s))
        FROM loyalty_tierstanding s WHERE s.enrollment_id = n.id), '[]'),
    'counters', coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value) FROM loyalty_progresscounter c
        WHERE c.enrollment_id = n.id AND c.key LIKE 'tier:%%'), '{}')))::text
FROM loyalty_enrollment n JOIN members_member m ON m.id = n.member_id WHERE n.id = ANY (%s) ORDER BY n.id
"""


def _ids(statement: str, params: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]


def holders_read(ids: Sequence[int]) -> list[Holder]:
    """As chunk_book judges them, in order of their ids; locks nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [list(ids)])
        return [msgspec.json.decode(text, type=Holder) for (text,) in cursor.fetchall()]


def chunk_book(ids: Sequence[int], judge: Callable[[Holder, Plan], None]) -> int:
    """Lock these enrollments, judge each into one plan, book it. How many standings were planned."""
    if not ids:
        return 0
    plan = Plan()
    with transaction.atomic(), connection.cursor() as cursor:
        wanted = sorted(set(ids))
        cursor.execute("SELECT 1 FROM loyalty_enrollment WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE", [wanted])
        for each in holders_read(wanted):
            before = len(plan.standings), len(plan.outbox)
            judge(each, plan)
            if (len(plan.standings), len(plan.outbox)) != before:
                plan.members[each.place.id] = each.place.version
        if plan.members:
            ledger.batch_book(members=sorted(plan.members.items()), now=clock.now(), plan=plan.rows())
    return len(plan.standings)
