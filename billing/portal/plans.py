"""What the pages on which a plan is chosen show: to visitors, and to members by what they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from django.http import Http404
from django.utils.translation import gettext as _

from billing.joining import joins_first, live_of, trial_of
from billing.meterprices import meter_prices
from billing.models import MembershipPlan, PlanPrice, Subscription
from billing.passes import pass_held
from billing.plans import ON_TOP, billing_section, definition_of, plans_offered, section_now
from billing.portal.words import (
    intro_words,
    local,
    meter_words,
    period_words,
    price_words,
    trial_end_words,
    trial_words,
)
from billing.pricing import prices_for, prices_within
from billing.section import Intro, OneFee, Plan, Recurring, Trial
from billing.sharing import separately
from billing.winback import winback_open, winback_terms
from loyalty.definition.document import Document
from loyalty.home import Context
from loyalty.models import Enrollment
from loyalty.moneywords import money_words
from loyalty.planpoints import more_points_with
from loyalty.planwords import plan_saved, plan_words
from loyalty.selectors import document_now
from loyalty.templatetags.points import points
from members.models import Member

# What a member can do about a plan: join it, buy a pass that they have again, change to it, nothing since it is theirs,
# nothing as long as they have another one of the kind that is paid for.
May = Literal["join", "again", "change", "mine", "other"]


class ShownPrice(NamedTuple):
    """text: €19 a month. by: how it is named among others. intro: what it is at first, empty for nothing else. apart:
    what a bundle's parts cost one by one; empty where that isn't more."""

    code: str
    text: str
    by: str
    intro: str
    apart: str = ""


class ShownPlan(NamedTuple):
    """gives: a line for each thing that comes with it. metered: one for each that is paid for by what is used. trial,
    trial_end: empty where this member gets none. months, days: for how long what is paid once holds; both 0: for life.
    subscription: the one of the group that the member has. saved: what their own orders of the last year would have
    saved with it; empty where that isn't known. earned: the points that they would have had more."""

    plan: MembershipPlan
    name: str
    description: str
    gives: list[str]
    metered: list[str]
    prices: Sequence[ShownPrice]
    trial: str
    trial_end: str
    months: int
    days: int
    promotion_codes: bool
    may: May
    subscription: Subscription | None
    saved: str
    earned: str

    @property
    def free(self) -> bool:
        return self.plan.kind == "free"

    @property
    def once(self) -> bool:
        return self.plan.kind == "one_fee"


def plans_page(enrollment: Enrollment | None) -> Context:
    """The plans of the member's program, or of all programs of the brand."""
    rows = plans_offered().select_related("program").prefetch_related("prices")
    if enrollment is not None:
        rows = rows.filter(program_id=enrollment.program_id)
    member = enrollment.member if enrollment is not None else None
    plans = [shown(row, member, enrollment) for row in rows]
    # One that has no price for the member's country isn't for them.
    return {"enrollment": enrollment, "plans": [each for each in plans if each.free or each.prices]}


def plan_or_404(code: str) -> MembershipPlan:
    """One that is or was offered: of one that left the shop the page says so."""
    found = MembershipPlan.objects.select_related("program").filter(code=code[:40]).first()
    if found is None or found.kind in ON_TOP:
        raise Http404
    return found


def plan_page(plan: MembershipPlan, enrollment: Enrollment | None) -> Context:
    member = enrollment.member if enrollment is not None else None
    gone = not plan.for_sale
    days = section_now(plan.program_id).withdrawal_days
    return {"enrollment": enrollment, "shown": shown(plan, member, enrollment), "gone": gone, "withdrawal_days": days}


def shown(plan: MembershipPlan, member: Member | None, enrollment: Enrollment | None = None) -> ShownPlan:
    definition = definition_of(plan)
    there = live_of(member, plan.group) if member is not None else None
    charge = definition.charge
    trial = _trial(plan, member, charge)
    intro = charge.intro if isinstance(charge, Recurring) and _is_new(plan, member) else None
    back = winback_open(member, plan.group) if member is not None and isinstance(charge, Recurring) else None
    intro = winback_terms(back).offer if back is not None else intro
    # What a discount does to a payment that follows a trial is Stripe's to say: nothing is promised of it here.
    first = intro if trial is None else None
    parts = parts_offered(plan)
    current = [each for each in plan.prices.all() if each.replaced_at is None]
    prices = prices_for(current, member) if member is not None else prices_within(current, "") or current
    return ShownPlan(
        plan=plan,
        name=local(definition.name),
        description=local(definition.description),
        gives=gives(document_now(plan.program_id), definition),
        metered=metered_words(member, prices),
        prices=[_price(each, first, parts) for each in prices],
        trial=trial_words(trial) if trial is not None else "",
        trial_end=trial_end_words(trial) if trial is not None else "",
        months=(charge.valid_months or 0) if isinstance(charge, OneFee) else 0,
        days=(charge.valid_days or 0) if isinstance(charge, OneFee) else 0,
        promotion_codes=definition.promotion_codes and intro is None,
        may=_may(plan, there),
        subscription=there,
        saved=saved_words(enrollment, plan) if there is None or there.plan_id != plan.pk else "",
        earned=earned_words(enrollment, plan) if there is None or there.plan_id != plan.pk else "",
    )


def saved_words(enrollment: Enrollment | None, plan: MembershipPlan) -> str:
    """An amount of money; empty for none."""
    if enrollment is None or enrollment.program_id != plan.program_id:
        return ""
    minor = plan_saved(enrollment, plan.code)
    return money_words(minor, document_now(plan.program_id).program.money_currency) if minor else ""


def earned_words(enrollment: Enrollment | None, plan: MembershipPlan) -> str:
    """The points that they would have earned more with it, with what they are worth where the program says so."""
    if enrollment is None or enrollment.program_id != plan.program_id:
        return ""
    money = document_now(plan.program_id).program.money_currency
    told = []
    for each in more_points_with(enrollment, plan.code):
        words = {"points": points(each.points, each.currency)}
        if each.value_minor:
            words["money"] = money_words(each.value_minor, money)
            told.append(_("%(points)s, worth %(money)s") % words)
        else:
            told.append(words["points"])
    return "; ".join(told)


def gives(document: Document, definition: Plan) -> list[str]:
    """What the plan lists itself, the tier it holds one at, and what other rooms give for it."""
    found = [local(each) for each in definition.features]
    if definition.tier is not None:
        tiers = [tier for ladder in document.ladders if ladder.code == definition.tier.ladder for tier in ladder.tiers]
        name = next((local(each.name) for each in tiers if each.code == definition.tier.tier), "")
        if name:
            found.append(_("At least %(tier)s, whatever you collect") % {"tier": name})
    found += [line for line in plan_words(document, definition.code) if line not in found]
    section = billing_section(document)
    for part in filter(None, (section.plan(code) for code in definition.parts)):
        found += [line for line in [local(part.name), *gives(document, part)] if line not in found]
    return found


def metered_words(member: Member | None, prices: Sequence[PlanPrice]) -> list[str]:
    """What comes on the invoice for each use, by the plan's prices; said before anybody joins."""
    return list(dict.fromkeys(map(meter_words, meter_prices(member, *prices))))


def parts_offered(plan: MembershipPlan) -> list[MembershipPlan]:
    """What a bundle is made of, with prices; nothing of any other plan."""
    codes = definition_of(plan).parts
    if not codes:
        return []
    return list(MembershipPlan.objects.filter(program_id=plan.program_id, code__in=codes).prefetch_related("prices"))


def _trial(plan: MembershipPlan, member: Member | None, charge: Any) -> Trial | None:
    if member is not None:
        return trial_of(member, plan)
    return charge.trial if isinstance(charge, Recurring) else None


def _is_new(plan: MembershipPlan, member: Member | None) -> bool:
    return member is None or joins_first(member, plan)


def _price(price: PlanPrice, intro: Intro | None, parts: Sequence[MembershipPlan]) -> ShownPrice:
    words = intro_words(intro, price) if intro is not None else ""
    apart = separately(price, parts) if parts else 0
    more = money_words(apart, price.currency) if apart > price.amount_minor else ""
    return ShownPrice(price.code, price_words(price), period_words(price.every), words, more)


def _may(plan: MembershipPlan, there: Subscription | None) -> May:
    if there is None:
        return "join"
    if there.plan_id == plan.pk:
        return "again" if pass_held(there, plan) else "mine"
    if there.plan.kind == "free" and plan.kind != "free":
        return "join"
    return "change" if there.plan.kind == plan.kind == "recurring" else "other"
