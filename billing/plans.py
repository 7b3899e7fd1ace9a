"""Plans as rows follow the published document; a price that changes is replaced, never edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Max, QuerySet

from billing.errors import PlanNotFound, PriceNotOffered
from billing.models import MembershipPlan, PlanPrice
from billing.section import SECTION, BillingSection, Free, OneFee, Plan, Recurring
from billing.standing import Terms
from core import clock
from core.actor import Actor
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.definition.sections import section_of
from loyalty.models import Program
from loyalty.selectors import document_now

Key = tuple[str, str]


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
    return {Free: "free", OneFee: "one_fee", Recurring: "recurring"}[type(plan.charge)]


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
        row = _row_follow(rows.get(each.code), program, each, position, now)
        _prices_follow(row, each, now)
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


def _prices_follow(row: MembershipPlan, plan: Plan, now: datetime) -> None:
    wanted: dict[Key, int] = {}
    if not isinstance(plan.charge, Free):
        for price in plan.charge.prices:
            wanted[price.money_currency, getattr(price, "every", "")] = price.amount_minor
    current = {(each.currency, each.every): each for each in row.prices.filter(replaced_at__isnull=True)}
    for key, price_row in current.items():
        if wanted.get(key) != price_row.amount_minor:
            price_row.replaced_at = now
            price_row.save(update_fields=["replaced_at"])
    for (currency, every), amount in wanted.items():
        there = current.get((currency, every))
        if there is None or there.replaced_at is not None:
            last = row.prices.filter(currency=currency, every=every).aggregate(last=Max("number"))["last"] or 0
            PlanPrice.objects.create(
                plan=row, currency=currency, every=every, number=last + 1, amount_minor=amount, since=now
            )


# --- finding ---------------------------------------------------------------------------------------------------------
def plans_offered() -> QuerySet[MembershipPlan]:
    """What can be joined now, in the document's order."""
    return MembershipPlan.objects.filter(offered=True, retired_at__isnull=True, program__archived_at__isnull=True)


def plan_named(code: str) -> MembershipPlan:
    """PlanNotFound."""
    found = MembershipPlan.objects.select_related("program").filter(code=code[:40]).first()
    if found is None:
        raise PlanNotFound(field="plan")
    return found


def price_chosen(plan: MembershipPlan, code: str) -> PlanPrice | None:
    """The plan's current price of that code (`month-EUR`), or its only one; None of a free plan. PriceNotOffered."""
    if plan.kind == "free":
        return None
    prices = {each.code: each for each in plan.prices.filter(replaced_at__isnull=True)}
    if not code and len(prices) == 1:
        return next(iter(prices.values()))
    if code not in prices:
        raise PriceNotOffered(field="price", hint=", ".join(sorted(prices)))
    return prices[code]
