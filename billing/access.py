"""What a plan gives, as long as it gives it: the facts that rules and benefits go by, and the tier it holds one at.

Access is worked out from our own rows and the clock; whether Stripe can be reached makes no difference to it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from billing.locking import member_locked
from billing.models import StripeConnection, Subscription
from billing.plans import definition_of, terms_of
from billing.segments import segments_follow
from billing.sharing import part_codes, part_plans
from billing.standing import Facts, State, standing_at, state_of
from billing.sweeping import one_by_one
from billing.timeline import happened
from core import clock
from core.actor import system
from core.errors import InvalidInput, NotFound
from core.outbox import Message, outbox_add
from loyalty.definition.facts import CHARGED_FACT, plan_fact
from loyalty.floors import floors_of, tier_floor_end, tier_floor_set
from loyalty.ingest import place_ensure
from loyalty.models import Enrollment
from members.facts import member_fact_drop, member_fact_set
from members.models import Member, MemberFact

log = logging.getLogger(__name__)

PLAN_FACT = "plan"
FLOOR = "plan"
ACTOR = system("billing")
AT_ONCE = 500


def facts_of(row: Subscription) -> Facts:
    return Facts(
        kind=row.plan.kind,
        billing=row.billing,
        period_end=row.period_end,
        paid_until=row.paid_until,
        trial_end=row.trial_end,
        cancel_at=row.cancel_at,
        ended_at=row.ended_at,
        collection_paused=row.collection_paused or row.pause_began_at is not None,
        first_failed_at=row.first_failed_at,
        disputed=row.disputed,
        duplicate=row.duplicate,
    )


def state_now(row: Subscription, at: datetime | None = None) -> State:
    """One word for how it stands: free, pending, trialing, active, paused, past_due, suspended, ended, one_time."""
    return state_of(facts_of(row), terms_of(row.plan.program_id), at or clock.now())


def access_follow(member: Member) -> None:
    """Bring each subscription's access, and what follows from all of them, in line. In the caller's transaction, under
    the member's billing lock."""
    now = clock.now()
    _fees_end(member, now)
    _unheard_end(member, now)
    rows = list(
        Subscription.objects.filter(member=member)
        .filter(Q(ended_at__isnull=True) | ~Q(access=Subscription.Access.OVER))
        .select_related("plan__program", "member")
        .order_by("pk")
    )
    for row in rows:
        _row_follow(row, now)
    live = [row for row in rows if row.holds(now)]
    _facts_follow(member, live)
    segments_follow(member, live)


def _row_follow(row: Subscription, now: datetime) -> None:
    found = standing_at(facts_of(row), terms_of(row.plan.program_id), now)
    before = row.access
    if (before, row.access_until) == (found.access, found.until):
        return
    row.access, row.access_until = found.access, found.until
    row.save(update_fields=["access", "access_until"])
    held = Subscription.Access.HELD
    if (before == held) != (found.access == held):
        kind = "access_began" if found.access == held else "access_ended"
        happened(row, kind, key=now.isoformat(timespec="microseconds"), access=found.access)
        outbox_add("subscription.access_changed", {"member_id": str(row.member.public_id)})


def _facts_follow(member: Member, live: Iterable[Subscription]) -> None:
    """The plan fact names one plan: with several groups, that of the plan that stands highest. What else they have, and
    what a bundle is made of, are facts of their own, so that each gives what it gives."""
    live = list(live)
    best = max(live, key=lambda row: (row.plan.level, row.pk), default=None)
    told = {key: (value, until) for key, value, until in _told(member)}
    if best is None:
        if PLAN_FACT in told:
            member_fact_drop(member_id=member.pk, key=PLAN_FACT)
    elif told.get(PLAN_FACT) != (best.plan.code, best.access_until):
        member_fact_set(member_id=member.pk, key=PLAN_FACT, value=best.plan.code, until=best.access_until)
        outbox_add("subscription.access_changed", {"member_id": str(member.public_id)})
    _beside_follow(member, _beside(live, best), told)
    charged = max((row.charged_at for row in live if row.charged_at is not None), default=None)
    if charged is not None and told.get(CHARGED_FACT, ("",))[0] != charged.isoformat():
        member_fact_set(member_id=member.pk, key=CHARGED_FACT, value=charged.isoformat(), tell=False)


def _beside(live: list[Subscription], best: Subscription | None) -> dict[str, datetime | None]:
    """Until when, by fact: every plan that holds but the one that the plan fact names."""
    found: dict[str, datetime | None] = {}
    parts = part_codes(live)
    for row in live:
        for code in (row.plan.code, *parts.get(row.price_id or 0, ())):
            if best is not None and code == best.plan.code:
                continue
            key = plan_fact(code)
            other = found.get(key, row.access_until)
            ends = (row.access_until, other)
            found[key] = None if None in ends else max(each for each in ends if each is not None)
    return found


def _beside_follow(
    member: Member, wanted: dict[str, datetime | None], told: dict[str, tuple[Any, datetime | None]]
) -> None:
    for key in told:
        if key.startswith(plan_fact("")) and key not in wanted:
            member_fact_drop(member_id=member.pk, key=key)
    for key, until in wanted.items():
        if told.get(key) != (True, until):
            member_fact_set(member_id=member.pk, key=key, value=True, until=until)


def _told(member: Member) -> list[tuple[str, Any, datetime | None]]:
    known = Q(key__in=(PLAN_FACT, CHARGED_FACT)) | Q(key__startswith=plan_fact(""))
    return list(MemberFact.objects.filter(known, member=member).values_list("key", "value", "until"))


# --- the clock goes on -----------------------------------------------------------------------------------------------
def access_sweep() -> int:
    """Whose access has ended by the clock: noted, told and taken back. How many members."""
    now = clock.now()
    over = Subscription.objects.filter(access=Subscription.Access.HELD, access_until__lte=now)
    ended = over.values("member_id").union(_unheard(now).values("member_id"))
    members = list(Member.objects.filter(pk__in=ended).order_by("pk")[:AT_ONCE])
    return one_by_one(members, _access_ended, "the access of member")


def _access_ended(member: Member) -> None:
    with transaction.atomic():
        member_locked(member)
        access_follow(member)


def _fees_end(member: Member, now: datetime) -> None:
    """What was paid once for a time is over, so that the member can join again."""
    rows = Subscription.objects.filter(
        member=member, plan__kind="one_fee", ended_at__isnull=True, period_end__lte=now
    ).select_related("plan__program", "member")
    for row in rows:
        row.billing, row.ended_at = Subscription.Billing.CANCELED, row.period_end
        row.save(update_fields=["billing", "ended_at"])
        happened(row, "ended", at=row.period_end)


def _unheard(now: datetime) -> QuerySet[Subscription]:
    """What was to end by now at an account that was disconnected: nobody tells us that it has."""
    gone = StripeConnection.Health.DISCONNECTED
    rows = Subscription.objects.filter(connection__health=gone, plan__kind="recurring", ended_at__isnull=True)
    return rows.filter(duplicate=False, cancel_at__lte=now)


def _unheard_end(member: Member, now: datetime) -> None:
    """It is over by our own clock, so that the member can join again at another account of the brand's."""
    for row in _unheard(now).filter(member=member).select_related("plan__program", "member"):
        row.billing, row.ended_at = Subscription.Billing.CANCELED, row.cancel_at
        row.save(update_fields=["billing", "ended_at"])
        happened(row, "ended", at=row.cancel_at)


# --- the tier that a plan holds one at -------------------------------------------------------------------------------
def access_changed(message: Message) -> None:
    """The outbox' handler: the same outcome however often it is told."""
    member = Member.objects.filter(public_id=message.payload["member_id"]).first()
    if member is not None:
        floors_follow(member)


def floors_follow(member: Member) -> None:
    """A floor for each group's plan that has one and holds; none for the others. In the caller's transaction, one at a
    time for a member: of two that looked at different moments the later one's word would be lost otherwise."""
    member_locked(member)
    now = clock.now()
    found = Subscription.objects.filter(member=member, duplicate=False).select_related("plan__program").order_by("pk")
    rows = [row for row in found if row.holds(now)]
    wanted: dict[tuple[int, str, str], tuple[str, datetime | None]] = {}
    made_of = part_plans(rows)
    for row in rows:
        # Of a bundle's parts first, so that what the bundle says itself of a ladder is what holds.
        for plan in (*made_of.get(row.price_id or 0, ()), row.plan):
            tier = definition_of(plan).tier
            if tier is not None:
                wanted[row.plan.program_id, tier.ladder, f"{FLOOR}:{row.group}"] = (tier.tier, row.access_until)
    _floors_end(member, wanted)
    for (program_id, ladder, source), (tier_code, until) in wanted.items():
        place = place_ensure(member_id=member.pk, program_id=program_id)
        there = next((each for each in floors_of(place) if (each.ladder, each.source) == (ladder, source)), None)
        if there is None or (there.tier, there.until) != (tier_code, until):
            try:
                tier_floor_set(enrollment=place, ladder=ladder, tier=tier_code, source=source, until=until, actor=ACTOR)
            except InvalidInput:
                # The program has no such tier any more; the plan's other members and floors don't wait for one.
                log.warning("no tier %s on ladder %s of program %s to hold anybody at", tier_code, ladder, program_id)


def _floors_end(member: Member, wanted: dict[tuple[int, str, str], tuple[str, datetime | None]]) -> None:
    for place in Enrollment.objects.filter(member=member).select_related("program"):
        for floor in floors_of(place):
            mine = floor.source.startswith(f"{FLOOR}:")
            if mine and (place.program_id, floor.ladder, floor.source) not in wanted:
                try:
                    tier_floor_end(enrollment=place, ladder=floor.ladder, source=floor.source, actor=ACTOR)
                except NotFound:
                    continue
