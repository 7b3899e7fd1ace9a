"""What the API reads and answers about plans and subscriptions. Amounts are in minor units; no card is ever said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from billing.access import state_now
from billing.addonprices import running_items
from billing.meterprices import metered_charge
from billing.models import Invoice, MembershipPlan, PlanPrice, Subscription, SubscriptionChange
from billing.plans import ADD_ON, definition_of
from billing.section import OneFee, Recurring
from billing.selectors import next_charge
from billing.sharing import codes_held
from billing.standing import State
from core.api.shapes import Body
from loyalty.definition.translation import text_in

TAG = "Paid memberships"
Program = Annotated[str, Meta(min_length=1, max_length=40, description="Where there are several programs.")]
MemberName = Annotated[
    str, Meta(min_length=1, max_length=130, description="The member's id, or `ext:` and your own id.")
]
PlanCode = Annotated[str, Meta(min_length=1, max_length=40, description="The plan's code.")]
PriceCode = Annotated[
    str, Meta(max_length=20, description="Its code, such as `month-EUR`; empty: the only one for the member's country.")
]
Address = Annotated[
    str, Meta(max_length=300, pattern=r"^(https?://[!-~]+)?$(?!\n)", description="Empty: the brand's first page.")
]
Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="One of the brand's own, or too_expensive, unused, missing_features, switched, hard_to_use, "
        "service, quality, other.",
    ),
]


class PlansQuery(Struct):
    """member: say for this member what trial they would get and which plan they have."""

    member: MemberName | None = None
    program: Program | None = None


class PriceOut(Struct):
    """every: week, month, quarter, year or once. countries: whose members pay it; empty: everybody else."""

    code: str
    amount_minor: int
    currency: str
    every: str
    countries: list[str]


class TrialOut(Struct):
    """at_end: what happens to who has given no card by then."""

    days: int
    card: bool
    at_end: str


class PlanTierOut(Struct):
    ladder: str
    tier: str


class PlanMeterOut(Struct):
    """Counted and paid afterwards: each use of the benefit beyond those that a period includes costs that much, for who
    pays the plan by the same period and currency."""

    meter: str
    name: str
    name_nl: str
    benefit: str
    included: int
    price: PriceOut


class PlanForMember(Struct):
    """trial_days: 0 where they had their trial. mine: they are on it. can_join: nothing of the group is in the way."""

    trial_days: int
    mine: bool
    can_join: bool


class PlanOut(Struct):
    """kind: free, one_fee or recurring. group: of one group a member has one plan at a time; a higher level is more.
    parts: of a bundle, the plans and add-ons that are sold together in it. meters: what is paid by use, beside the
    price. member: only when one was asked for."""

    code: str
    program: str
    name: str
    name_nl: str
    description: str
    description_nl: str
    features: list[str]
    features_nl: list[str]
    group: str
    level: int
    kind: str
    prices: list[PriceOut]
    trial: TrialOut | None
    valid_months: int | None
    valid_days: int | None
    tier: PlanTierOut | None
    promotion_codes: bool
    parts: list[str]
    meters: list[PlanMeterOut]
    member: PlanForMember | None


class PlansOut(Struct):
    results: list[PlanOut]


class NextChargeOut(Struct):
    """Before credit, discounts and tax, as things stand."""

    amount_minor: int
    currency: str
    at: datetime


class AddOnHeld(Struct):
    """An add-on of a subscription."""

    add_on: str
    quantity: int
    price: PriceOut
    since: datetime


class SubscriptionOut(Struct):
    """state: free, pending, trialing, active, paused, past_due, suspended, ended or one_time. billing: as the payment
    service has it. access: none, held (until access_until), suspended or over. cancel_at: when it ends, where that is
    settled. late_since: since when a payment is owed. next_plan, next_price: what begins with the next period.
    parts: of a bundle, what it was made of when it was joined."""

    id: UUID
    member_id: UUID
    program: str
    plan: str
    group: str
    state: State
    billing: str
    access: str
    access_until: datetime | None
    price: PriceOut | None
    quantity: int
    started_at: datetime
    period_start: datetime | None
    period_end: datetime | None
    paid_until: datetime | None
    trial_end: datetime | None
    has_card: bool
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    resumes_at: datetime | None
    late_since: datetime | None
    disputed: bool
    next_plan: str | None
    next_price: str | None
    next_charge: NextChargeOut | None
    add_ons: list[AddOnHeld]
    parts: list[str]


class HappenedOut(Struct):
    """A line of the timeline. actor: who, such as `api:<key>`, `user:<id>` or `system:billing`."""

    at: datetime
    what: str
    actor: str
    details: dict[str, Any]


class InvoiceLineOut(Struct):
    description: str
    amount_minor: int
    quantity: int | None


class InvoiceOut(Struct):
    """status: open, paid, void or uncollectible. hosted_url: where it can be looked at, and paid while it is open."""

    id: UUID
    number: str
    status: str
    reason: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    due_minor: int
    paid_minor: int
    refunded_minor: int
    period_start: datetime | None
    period_end: datetime | None
    created_at: datetime
    paid_at: datetime | None
    next_attempt_at: datetime | None
    attempts: int
    disputed: bool
    hosted_url: str
    pdf_url: str
    lines: list[InvoiceLineOut]


class SubscriptionDetail(Struct):
    """timeline: what happened, newest first, 200 lines at most. invoices: newest first, without drafts, 100 at most."""

    subscription: SubscriptionOut
    timeline: list[HappenedOut]
    invoices: list[InvoiceOut]


class SubscriptionCancel(Body):
    """when: with the period that is paid for, or now, which by itself pays nothing back."""

    when: Literal["period_end", "now"] = "period_end"
    reason: Reason = "other"
    comment: Annotated[str, Meta(max_length=500)] = ""


# --- out of our rows -------------------------------------------------------------------------------------------------
def price_out(row: PlanPrice) -> PriceOut:
    return PriceOut(row.code, row.amount_minor, row.currency, row.every or "once", row.countries)


def plan_out(
    row: MembershipPlan, prices: list[PlanPrice], meters: Iterable[PlanPrice], member: PlanForMember | None
) -> PlanOut:
    said = definition_of(row)
    charge = said.charge
    trial = charge.trial if isinstance(charge, Recurring) else None
    return PlanOut(
        code=row.code, program=row.program.slug,
        name=text_in(said.name, "en"), name_nl=text_in(said.name, "nl"),
        description=text_in(said.description, "en"), description_nl=text_in(said.description, "nl"),
        features=[text_in(each, "en") for each in said.features],
        features_nl=[text_in(each, "nl") for each in said.features],
        group=row.group, level=row.level, kind=row.kind, prices=[price_out(each) for each in prices],
        trial=TrialOut(trial.days, trial.card, trial.at_end) if trial is not None else None,
        valid_months=charge.valid_months if isinstance(charge, OneFee) else None,
        valid_days=charge.valid_days if isinstance(charge, OneFee) else None,
        tier=PlanTierOut(said.tier.ladder, said.tier.tier) if said.tier is not None else None,
        promotion_codes=said.promotion_codes, parts=list(said.parts),
        meters=[meter_out(each) for each in meters], member=member,
    )  # fmt: skip


def meter_out(price: PlanPrice) -> PlanMeterOut:
    said = definition_of(price.plan)
    return PlanMeterOut(
        meter=said.code, name=text_in(said.name, "en"), name_nl=text_in(said.name, "nl"),
        benefit=metered_charge(price.plan).benefit, included=price.included, price=price_out(price),
    )  # fmt: skip


def subscription_out(row: Subscription) -> SubscriptionOut:
    coming = next_charge(row)
    return SubscriptionOut(
        id=row.public_id, member_id=row.member.public_id, program=row.plan.program.slug, plan=row.plan.code,
        group=row.group, state=state_now(row), billing=row.billing, access=row.access, access_until=row.access_until,
        price=price_out(row.price) if row.price is not None else None, quantity=row.quantity,
        started_at=row.started_at, period_start=row.period_start, period_end=row.period_end,
        paid_until=row.paid_until, trial_end=row.trial_end, has_card=row.has_card, cancel_at=row.cancel_at,
        canceled_at=row.canceled_at, ended_at=row.ended_at, resumes_at=row.resumes_at,
        late_since=row.first_failed_at, disputed=row.disputed,
        next_plan=row.then_price.plan.code if row.then_price is not None else None,
        next_price=row.then_price.code if row.then_price is not None else None,
        next_charge=NextChargeOut(coming.amount_minor, coming.currency, coming.at) if coming is not None else None,
        add_ons=[
            AddOnHeld(each.plan.code, each.quantity, price_out(each.price), each.since)
            for each in running_items(row)
            if each.plan.kind == ADD_ON
        ],
        parts=codes_held(row)[1:],
    )  # fmt: skip


def happened_out(row: SubscriptionChange) -> HappenedOut:
    """What a member wrote in their own words stays with the brand's team."""
    return HappenedOut(
        row.at, row.kind, row.actor, {name: value for name, value in row.details.items() if name != "comment"}
    )


def invoice_out(row: Invoice) -> InvoiceOut:
    return InvoiceOut(
        id=row.public_id, number=row.number, status=row.status, reason=row.reason, currency=row.currency,
        subtotal_minor=row.subtotal_minor, tax_minor=row.tax_minor, total_minor=row.total_minor,
        due_minor=row.due_minor, paid_minor=row.paid_minor, refunded_minor=row.refunded_minor,
        period_start=row.period_start, period_end=row.period_end, created_at=row.created_at, paid_at=row.paid_at,
        next_attempt_at=row.next_attempt_at, attempts=row.attempts, disputed=row.disputed,
        hosted_url=row.hosted_url, pdf_url=row.pdf_url,
        lines=[
            InvoiceLineOut(each.get("description") or "", each.get("amount_minor") or 0, each.get("quantity"))
            for each in row.lines
        ],
    )  # fmt: skip
