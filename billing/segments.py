"""The segments that members are in by their add-ons: what rules and benefits ask for, as for any other segment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing.models import MembershipPlan, Subscription, SubscriptionItem
from billing.plans import definition_of
from billing.section import AddOn
from billing.sharing import part_plans
from members.facts import member_fact_drop, member_fact_set
from members.models import Member, MemberFact

SEGMENT = "segment:"
# Which of a member's segments come from add-ons: the others are somebody else's to take away.
OURS = "add_on_segments"


def segments_follow(member: Member, live: Iterable[Subscription]) -> None:
    """In the caller's transaction, under the member's billing lock. live: the subscriptions that hold now."""
    wanted = _wanted({row.pk: row for row in live})
    told = MemberFact.objects.filter(member=member, key=OURS).values_list("value", flat=True).first() or []
    if not wanted and not told:
        return
    facts = dict(
        MemberFact.objects.filter(member=member, key__in=[SEGMENT + each for each in {*wanted, *told}]).values_list(
            "key", "until"
        )
    )
    for code in told:
        if code not in wanted:
            member_fact_drop(member_id=member.pk, key=SEGMENT + code)
    for code, until in wanted.items():
        if SEGMENT + code not in facts or facts[SEGMENT + code] != until:
            member_fact_set(member_id=member.pk, key=SEGMENT + code, value=True, until=until)
    if sorted(told) != sorted(wanted):
        member_fact_set(member_id=member.pk, key=OURS, value=sorted(wanted), tell=False)


def _wanted(live: dict[int, Subscription]) -> dict[str, datetime | None]:
    """By segment until when: as long as the subscription's access holds. Add-ons may also be parts of a bundle."""
    if not live:
        return {}
    found: dict[str, datetime | None] = {}
    rows = SubscriptionItem.objects.filter(subscription_id__in=live, ended_at__isnull=True).select_related("plan")
    for row in rows:
        _put(found, row.plan, live[row.subscription_id].access_until)
    made_of = part_plans(live.values())
    for held in live.values():
        for part in made_of.get(held.price_id or 0, ()):
            _put(found, part, held.access_until)
    return found


def _put(found: dict[str, datetime | None], plan: MembershipPlan, until: datetime | None) -> None:
    charge = definition_of(plan).charge
    if isinstance(charge, AddOn) and charge.segment is not None:
        found[charge.segment] = until
