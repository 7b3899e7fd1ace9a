"""Tiers that are given whatever is earned, by invitation, a plan or staff. The higher of given and earned counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput, NotFound
from loyalty import ledger
from loyalty.booking import Plan
from loyalty.cases import move_tell
from loyalty.definition.compiled import CompiledLadder
from loyalty.lapsing import Whose, standings_lapse
from loyalty.models import Enrollment, TierFloor
from loyalty.selectors import program_state_of
from loyalty.tiernights import Holder, chunk_book
from loyalty.versions import ProgramState

INVITATION = "invitation"
ONE_BY_ONE = 2_000


class FloorNotFound(NotFound):
    code = "given_tier_not_found"
    title = gettext_lazy("This tier isn’t given by that source.")


def tier_invite(
    *, enrollment: Enrollment, ladder: str, tier: str, until: datetime | None, reason: str, actor: Actor
) -> TierFloor:
    """Let a member into a tier, also one that can't be earned, until then or for good. InvalidInput."""
    return tier_floor_set(
        enrollment=enrollment, ladder=ladder, tier=tier, source=INVITATION, until=until, reason=reason, actor=actor
    )


def tier_floor_set(
    *,
    enrollment: Enrollment,
    ladder: str,
    tier: str,
    source: str,
    until: datetime | None,
    reason: str = "",
    actor: Actor,
) -> TierFloor:
    """Hold a member at least at this tier. Another one of the same source ends the one before. InvalidInput."""
    now = clock.now()
    state = program_state_of(enrollment.program_id)
    floor_checked(state.at(now).ladders.get(ladder), tier, until, now)
    source, reason = source.strip()[:60], reason.strip()
    if not source or len(reason) > 300:
        raise InvalidInput(_("Say who gives it, and the reason in 300 characters at most."), field="reason")
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        _active([enrollment.pk], ladder).filter(source=source).update(ended_at=now)
        floor = TierFloor.objects.create(
            enrollment=enrollment,
            ladder=ladder,
            tier=tier,
            source=source,
            reason=reason,
            set_by=actor.name,
            set_at=now,
            until=until,
        )
        floors_apply(state, ladder, [enrollment.pk], at=now)
        _told(floor, "tier.give", actor, {"tier": tier, "until": str(until or ""), "reason": reason})
    return floor


def tier_floor_end(*, enrollment: Enrollment, ladder: str, source: str, actor: Actor) -> TierFloor:
    """Take back what a source gave: the member falls to what they earned, or to what another source gives.

    FloorNotFound.
    """
    now = clock.now()
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        floor = _active([enrollment.pk], ladder).filter(source=source).first()
        if floor is None:
            raise FloorNotFound(field="source")
        floor.ended_at = now
        floor.save(update_fields=["ended_at"])
        floors_apply(program_state_of(enrollment.program_id), ladder, [enrollment.pk], at=now)
        _told(floor, "tier.take_back", actor, {"tier": floor.tier})
    return floor


def floors_of(enrollment: Enrollment) -> list[TierFloor]:
    """What is given to the member now, oldest first."""
    now = clock.now()
    found = TierFloor.objects.filter(enrollment=enrollment, ended_at__isnull=True).order_by("id")
    return [each for each in found if each.until is None or each.until > now]


def floors_ever(enrollment: Enrollment, *, ladder: str | None = None, ended: bool = False) -> QuerySet[TierFloor]:
    """Those that hold, or those that were taken back or ran out; newest first."""
    now = clock.now()
    over = Q(ended_at__isnull=False) | Q(until__lte=now)
    found = TierFloor.objects.filter(enrollment=enrollment).filter(over if ended else ~over)
    return (found.filter(ladder=ladder) if ladder is not None else found).order_by("-pk")


def floors_end(state: ProgramState, midnight: datetime) -> Iterator[int]:
    """The night's part: what was given until then ends, and what another source gives takes its place."""
    while True:
        over = TierFloor.objects.filter(
            enrollment__program_id=state.id, ended_at__isnull=True, until__isnull=False, until__lte=midnight
        )
        found = list(over.order_by("until", "id")[:ONE_BY_ONE])
        if not found:
            return
        with transaction.atomic():
            for ladder in sorted({each.ladder for each in found}):
                mine = [each for each in found if each.ladder == ladder]
                # In order of the members, as everything locks them; the marks follow under their locks.
                floors_apply(state, ladder, sorted({each.enrollment_id for each in mine}), at=midnight)
            TierFloor.objects.filter(pk__in=[each.pk for each in found]).update(ended_at=midnight)
        yield len(found)


def floors_apply(state: ProgramState, code: str, enrollments: Iterable[int], *, at: datetime) -> None:
    """Bring these members' standings in line with what is given to them at that time."""
    compiled = state.at(at)
    ladder = compiled.ladders.get(code)
    if ladder is None:
        return
    ids = list(enrollments)
    best = _best(ladder, ids, at)

    def apply(each: Holder, plan: Plan) -> None:
        whose = Whose(each.member_id, state.slug, each.joined_at)
        standings_lapse(each.place, compiled=compiled, plan=plan, at=at, whose=whose)
        standing = each.place.standing(code)
        if standing is None:
            return
        tier, until = best.get(each.place.id, ("", None))
        new = standing.with_floor(tier, until, ladder.ranks)
        cause = "floor" if tier else "floor_end"
        moved = plan.standing_put(
            new, before=standing, place=each.place, event_id=None, at=at, cause=cause, ranks=ladder.ranks
        )
        if moved.kind != "kept":
            move_tell(plan, ladder, moved, at=at, member_id=each.member_id, program=state.slug)

    chunk_book(ids, apply)


def _best(ladder: CompiledLadder, enrollments: list[int], at: datetime) -> dict[int, tuple[str, datetime | None]]:
    """enrollment → the highest tier that is given, of equals the one that is given longest."""
    found: dict[int, tuple[int, float, str, datetime | None]] = {}
    for each in _active(enrollments, ladder.code):
        if each.tier not in ladder.ranks or (each.until is not None and each.until <= at):
            continue
        length = each.until.timestamp() if each.until is not None else float("inf")
        candidate = (ladder.ranks[each.tier], length, each.tier, each.until)
        if each.enrollment_id not in found or candidate[:2] > found[each.enrollment_id][:2]:
            found[each.enrollment_id] = candidate
    return {place: (tier, until) for place, (_rank, _length, tier, until) in found.items()}


def _active(enrollments: Iterable[int], ladder: str) -> QuerySet[TierFloor]:
    return TierFloor.objects.filter(enrollment_id__in=list(enrollments), ladder=ladder, ended_at__isnull=True)


def floor_checked(ladder: CompiledLadder | None, tier: str, until: datetime | None, now: datetime) -> None:
    """InvalidInput where the program has no such tier to give, or its time is over."""
    if ladder is None:
        raise InvalidInput(_("The program has no such ladder."), field="ladder")
    if ladder.ranks.get(tier, 0) == 0:
        known = ", ".join(each.code for each in ladder.tiers[1:])
        raise InvalidInput(_("Choose one of these tiers: %(tiers)s.") % {"tiers": known}, field="tier")
    if until is not None and until <= now:
        raise InvalidInput(_("This time is over."), field="until")


def _told(floor: TierFloor, action: str, actor: Actor, changes: dict[str, str]) -> None:
    audit_record(
        actor=actor.name,
        action=action,
        object_type="enrollment",
        object_id=floor.enrollment_id,
        changes={"ladder": floor.ladder, "source": floor.source, **changes},
    )
