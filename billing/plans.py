"""Plans as rows follow the published document; a price that changes is replaced, never edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Max, QuerySet

from billing.errors import PlanNotFound, PriceNotOffered
from billing.models import MembershipPlan, PlanPrice
from billing.pricing import prices_for
from billing.section import SECTION, AddOn, BillingSection, Free, Metered, OneFee, Plan, Recurring
from billing.sharing import Shared, shared_among, shares_make
from billing.standing import Terms
from core import clock
from core.actor import Actor
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.sections import section_of
from loyalty.models import Program
from loyalty.selectors import document_now
from members.models import Member

Key = tuple[str, str, str]
ADD_ON, METERED = "add_on", "metered"
# What comes on top of a plan, as another item of its subscription.
ON_TOP = (ADD_ON, METERED)


def billing_section(document: Document) -> BillingSection:
    """The document's section; one that says nothing where there is none."""
    found: BillingSection | None = section_of(document.sections, SECTION)
    return found if found is not None else BillingSection()


def section_now(program_id: int) -> BillingSection:
    """As the version in force says it."""
    return billing_section(document_now(program_id))


def terms_of(program_id: int) -> Terms:
    section = section_now(program_id)
    return Terms(
        grace_days=section.grace_days,
        access_in_pause=section.access_in_pause,
        suspend_on_dispute=section.suspend_on_dispute,
    )


def definition_of(plan: MembershipPlan) -> Plan:
    """What the plan says, or last said."""
    return msgspec.convert(plan.body, Plan)


# --- following the document ------------------------------------------------------------------------------------------
def document_plans_checked(program: Program, document: Document) -> Problems:
    """A member's plan is known by its code alone, so no two programs share one; and a plan never changes its kind."""
    section = section_of(document.sections, SECTION)
    if section is None:
        return
    rows = {each.code: each for each in MembershipPlan.objects.filter(code__in=[each.code for each in section.plans])}
    for index, each in enumerate(section.plans):
        row = rows.get(each.code)
        path = f"sections.{SECTION}.plans[{index}]"
        if row is not None and row.program_id != program.pk:
            yield Problem(
                f"{path}.code",
                phrase("Another program has the plan %(code)r.", code=each.code),
                phrase("Give it another code."),
            )
        elif row is not None and row.kind != kind_of(each) and row.subscriptions.exists():
            yield Problem(
                f"{path}.charge",
                phrase("Members have this plan, and it was of another kind."),
                phrase("Make a new plan, and stop offering this one."),
            )


def kind_of(plan: Plan) -> str:
    kinds = {Free: "free", OneFee: "one_fee", Recurring: "recurring", AddOn: ADD_ON, Metered: METERED}
    return kinds[type(plan.charge)]


def plans_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    """Within the publication's transaction; a version for later is followed by the sweep."""
    if since is None or since <= clock.now():
        _follow(program, document)


def plans_due() -> None:
    """The sweep's part: every program's plans as the version in force has them."""
    for program in Program.objects.filter(archived_at__isnull=True, stamp__gt=0):
        document = document_now(program.pk)
        if SECTION in document.sections or MembershipPlan.objects.filter(program=program).exists():
            with transaction.atomic():
                _follow(Program.objects.select_for_update(no_key=True).get(pk=program.pk), document)


def _follow(program: Program, document: Document) -> None:
    section, now = billing_section(document), clock.now()
    rows = {each.code: each for each in MembershipPlan.objects.filter(program=program)}
    for position, each in enumerate(section.plans):
        rows[each.code] = _row_follow(rows.get(each.code), program, each, position, now)
    shared = shared_among(program)
    # What is sold by itself first: a bundle's price is split by it.
    for each in sorted(section.plans, key=lambda plan: bool(plan.parts)):
        _prices_follow(rows[each.code], each, now, shared, [rows[code] for code in each.parts])
    gone = [row.pk for code, row in rows.items() if section.plan(code) is None and row.retired_at is None]
    MembershipPlan.objects.filter(pk__in=gone).update(retired_at=now, offered=False)


def _row_follow(
    row: MembershipPlan | None, program: Program, plan: Plan, position: int, now: datetime
) -> MembershipPlan:
    body = msgspec.to_builtins(plan)
    values: dict[str, Any] = {
        "group": plan.group, "level": plan.level, "kind": kind_of(plan), "body": body, "position": position,
        "offered": plan.offered, "retired_at": None,
    }  # fmt: skip
    if row is None:
        return MembershipPlan.objects.create(program=program, code=plan.code, changed_at=now, **values)
    if any(getattr(row, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = now
        row.save()
    return row


def prices_of(plan: Plan) -> dict[Key, tuple[int, list[str], int]]:
    """By what tells a price from others of the plan: its amount, its countries, and how many uses are included."""
    found: dict[Key, tuple[int, list[str], int]] = {}
    included = plan.charge.included if isinstance(plan.charge, Metered) else 0
    if not isinstance(plan.charge, Free):
        for price in plan.charge.prices:
            there = sorted(price.countries)
            key = (price.money_currency, getattr(price, "every", ""), there[0] if there else "")
            found[key] = (price.amount_minor, there, included)
    return found


def _prices_follow(
    row: MembershipPlan, plan: Plan, now: datetime, shared: Shared, parts: Sequence[MembershipPlan]
) -> None:
    wanted = prices_of(plan)
    current = {(each.currency, each.every, each.area): each for each in row.prices.filter(replaced_at__isnull=True)}
    for key, price_row in current.items():
        same = shared.get(price_row.pk, frozenset()) == frozenset(plan.parts)
        if not same or wanted.get(key) != (price_row.amount_minor, price_row.countries, price_row.included):
            price_row.replaced_at = now
            price_row.save(update_fields=["replaced_at"])
    for key, (amount, countries, free) in wanted.items():
        old = current.get(key)
        if old is None or old.replaced_at is not None:
            named = dict(zip(("currency", "every", "area"), key, strict=True))
            last = row.prices.filter(**named).aggregate(last=Max("number"))["last"] or 0
            made = PlanPrice.objects.create(
                plan=row, number=last + 1, amount_minor=amount, countries=countries, included=free, since=now, **named
            )
            if parts:
                shares_make(made, parts)


# --- finding ---------------------------------------------------------------------------------------------------------
def plans_offered() -> QuerySet[MembershipPlan]:
    """What can be joined now, in the document's order. Not add-ons: those come on top."""
    return _offered().exclude(kind__in=ON_TOP)


def add_ons_offered(program_id: int) -> QuerySet[MembershipPlan]:
    """What can be added to plans of the program now, in the document's order."""
    return _offered().filter(kind=ADD_ON, program_id=program_id)


def meters_offered(program_id: int) -> QuerySet[MembershipPlan]:
    """What is counted and paid afterwards with plans of the program that begin now."""
    return _offered().filter(kind=METERED, program_id=program_id)


def _offered() -> QuerySet[MembershipPlan]:
    return MembershipPlan.objects.filter(offered=True, retired_at__isnull=True, program__archived_at__isnull=True)


def plan_named(code: str) -> MembershipPlan:
    """PlanNotFound."""
    found = MembershipPlan.objects.select_related("program").filter(code=code[:40]).first()
    if found is None:
        raise PlanNotFound(field="plan")
    return found


def price_chosen(
    plan: MembershipPlan, code: str, *, member: Member | None = None, currency: str = ""
) -> PlanPrice | None:
    """The plan's current price of that code (`month-EUR`), or its only one; None of a free plan. PriceNotOffered.

    member: only what they get in their country. currency: of the subscription that is changed, where one is: who has
    moved keeps the currency, at everybody's price.
    """
    if plan.kind == "free":
        return None
    found = prices_fitting(plan.prices.filter(replaced_at__isnull=True), member=member, currency=currency)
    prices = {each.code: each for each in found}
    if not code and len(prices) == 1:
        return next(iter(prices.values()))
    if code not in prices:
        raise PriceNotOffered(field="price", hint=", ".join(sorted(prices)))
    return prices[code]


def prices_fitting(prices: Iterable[PlanPrice], *, member: Member | None = None, currency: str = "") -> list[PlanPrice]:
    """Those that can be chosen now: see price_chosen."""
    current = [each for each in prices if each.replaced_at is None]
    found = prices_for(current, member) if member is not None else current
    if not currency:
        return found
    everybodys = [each for each in current if not each.countries and each.currency == currency]
    return [each for each in found if each.currency == currency] or everybodys or found
