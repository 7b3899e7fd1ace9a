"""Plans, a connected account, subscriptions and everything beside them, in a side's own words."""

from __future__ import annotations

from datetime import timedelta

from billing.bodies import body_sealed
from billing.boxes.addressing import address_sealed
from billing.customers import InvoiceFor, invoice_for_sealed
from billing.gateway import KEY_PURPOSE, OLD_SECRET_PURPOSE, SECRET_PURPOSE
from billing.models import (
    BillingDifference,
    BillingOperation,
    BillingProfile,
    BillingReport,
    BoxHabit,
    BundleShare,
    Checkout,
    ClockFreeze,
    Dispute,
    Invoice,
    MembershipPlan,
    MeteredUse,
    PlanPrice,
    PromotionCode,
    QuarantinedEvent,
    Refund,
    Shipment,
    StripeConnection,
    StripeEvent,
    StripeObject,
    Subscription,
    SubscriptionChange,
    SubscriptionItem,
    SubscriptionPart,
    WinBackOffer,
)
from core import clock
from core.addresses import Address
from core.ids import uuid7
from core.secrets import seal
from loyalty.models import Enrollment

# Columns that hold choices, ISO codes and what is sealed: no word of anybody's.
WORDLESS = {
    "billing_billingdifference.kind",
    "billing_billingoperation.digest",
    "billing_billingoperation.state",
    "billing_billingreport.kind",
    "billing_billingprofile.sealed",
    "billing_boxhabit.address",
    "billing_boxhabit.country",
    "billing_checkout.group",
    "billing_checkout.purpose",
    "billing_checkout.state",
    "billing_dispute.currency",
    "billing_dispute.status",
    "billing_invoice.currency",
    "billing_invoice.reason",
    "billing_invoice.status",
    "billing_membershipplan.group",
    "billing_membershipplan.kind",
    "billing_metereduse.state",
    "billing_planprice.area",
    "billing_planprice.countries",
    "billing_planprice.currency",
    "billing_planprice.every",
    "billing_promotioncode.body",
    "billing_quarantinedevent.by",
    "billing_quarantinedevent.digest",
    "billing_quarantinedevent.sealed_body",
    "billing_quarantinedevent.sealed_known",
    "billing_quarantinedevent.state",
    "billing_refund.currency",
    "billing_refund.status",
    "billing_shipment.address",
    "billing_shipment.country",
    "billing_shipment.state",
    "billing_shipment.why",
    "billing_stripeconnection.api_version",
    "billing_stripeconnection.health",
    "billing_stripeconnection.key_last4",
    "billing_stripeconnection.mode",
    "billing_stripeconnection.sealed_key",
    "billing_stripeconnection.sealed_old_secret",
    "billing_stripeconnection.sealed_secret",
    "billing_stripeevent.by",
    "billing_stripeevent.sealed_body",
    "billing_stripeevent.state",
    "billing_stripeobject.kind",
    "billing_stripeobject.told",
    "billing_subscription.access",
    "billing_subscription.billing",
    "billing_subscription.card_last4",
    "billing_subscription.group",
    "billing_subscriptionchange.key",
    "billing_subscriptionchange.kind",
}


def billed(place: Enrollment, word: str, prefix: str, number: int) -> dict[str, str]:
    """A key, a plan with a price, a subscription with what belongs to it, and a comparison."""
    now = clock.now()
    account = StripeConnection.objects.create(
        livemode=False, account_id=f"acct_{prefix}{number}", account_name=f"{word} account", current=number == 1,
        sealed_key=seal(word, purpose=KEY_PURPOSE), key_last4=word[-4:],
        sealed_secret=seal(word, purpose=SECRET_PURPOSE),
        sealed_old_secret=seal(word, purpose=OLD_SECRET_PURPOSE), endpoint_id=f"we_{word}",
        api_version="2026-08-26.dahlia",
        problem=f"{word} problem", requirements=[f"{word}.due"], verified_at=now,
        created_at=now, events_after=f"evt_{word}",
    )  # fmt: skip
    body = {
        "code": f"{prefix}plan", "name": f"{word} plan", "group": "membership", "level": 1,
        "charge": {"kind": "recurring", "prices": [{"amount_minor": 1000, "money_currency": "EUR", "every": "month"}]},
    }  # fmt: skip
    plan = MembershipPlan.objects.create(
        program=place.program, code=f"{prefix}plan", group="membership", level=1, kind="recurring", body=body,
        changed_at=now,
    )  # fmt: skip
    price = PlanPrice.objects.create(plan=plan, currency="EUR", every="month", number=1, amount_minor=1000, since=now)
    StripeObject.objects.create(
        connection=account, kind="price", ref=f"{word} {number}", stripe_id=f"price_{word}", made_at=now, told=""
    )
    row = Subscription.objects.create(
        member=place.member, plan=plan, price=price, group="membership", connection=account,
        stripe_id=f"sub_{prefix}{number}", item_id=f"si_{word}", billing="active", access="held", started_at=now,
        period_start=now, period_end=now + timedelta(days=30), access_until=now + timedelta(days=37),
        schedule_id=f"sched_{word}", created_at=now, resumes_at=None, card_brand=word, card_last4="4242",
    )  # fmt: skip
    SubscriptionChange.objects.create(
        subscription=row, at=now, kind="started", key="", details={"by": word}, actor=f"user:{word}"
    )
    offer = WinBackOffer.objects.create(
        subscription=row, member=place.member, sent_at=now, expires_at=now,
        body={"offer": {"percent": "10"}, "subject": f"{word} back"},
    )  # fmt: skip
    BillingProfile.objects.create(
        member=place.member,
        name=f"{word} Anna",
        sealed=invoice_for_sealed(InvoiceFor({"line1": f"{word} street"}, f"{word} VAT")),
    )
    Checkout.objects.create(
        connection=account, stripe_id=f"cs_{prefix}{number}", member=place.member, purpose="join", price=price,
        group="membership", subscription=row, state="complete", created_at=now, expires_at=now,
    )  # fmt: skip
    SubscriptionItem.objects.create(
        subscription=row, plan=plan, price=price, item_id=f"si_top_{word}", since=now, ended_at=now
    )
    meter, top = metered(row, price, word, prefix), on_top(row, word, prefix)
    share = BundleShare.objects.create(price=price, part=top, amount_minor=300)
    SubscriptionPart.objects.create(subscription=row, share=share, item_id=f"si_part_{word}")
    invoice = Invoice.objects.create(
        connection=account, stripe_id=f"in_{prefix}{number}", member=place.member, subscription=row,
        number=f"{word}-1", status="paid", reason="subscription_create", currency="EUR", total_minor=1000,
        paid_minor=1000, refunded_minor=100, created_at=now, paid_at=now, hosted_url=f"https://{word}.example/in",
        pdf_url=f"https://{word}.example/pdf", payment_intent=f"pi_{word}", lines=[{"description": f"{word} line"}],
    )  # fmt: skip
    dispute = Dispute.objects.create(
        connection=account, stripe_id=f"du_{word}", member=place.member, invoice=invoice, amount_minor=1000,
        currency="EUR", reason=f"{word} why", status="needs_response", opened_at=now, answer_by=now,
    )  # fmt: skip
    Refund.objects.create(
        invoice=invoice, stripe_id=f"re_{prefix}{number}", amount_minor=100, currency="EUR", status="succeeded",
        reason=f"{word} why", actor=f"user:{word}", created_at=now,
    )  # fmt: skip
    event = StripeEvent.objects.create(
        connection=account, event_id=f"evt_{word}", type=f"{word}.made", object_id=f"in_{word}", customer=f"cus_{word}",
        created_at=now, received_at=now, sealed_body=body_sealed({"id": f"evt_{word}"}),
        state="done", error=f"{word} error", done_at=now,
    )  # fmt: skip
    apart = QuarantinedEvent.objects.create(
        connection=account, event_id=f"evt_{word}", type=f"{word}.made", digest="0" * 64, by="webhook",
        sealed_body=body_sealed({"id": f"evt_{word}", "data": {"object": {}}}), received_at=now, reason=f"{word} why",
        settled_by=f"user:{word}", sealed_known=body_sealed({"id": f"evt_{word}"}),
    )  # fmt: skip
    BillingOperation.objects.create(
        connection=account, kind=f"{word} cancel"[:40], subject=f"sub_{word}", digest="0" * 64, state="done",
        stripe_id=f"sub_{word}", error=f"{word} said", actor=f"user:{word}", made_at=now, done_at=now,
        follow={"box": word},
    )  # fmt: skip
    code = PromotionCode.objects.create(
        code=f"{word}-{number}".upper(), body={"percent": "10"}, plans=[word], made_at=now, made_by=f"user:{word}"
    )
    box = _boxed(row, word)
    ClockFreeze.objects.create(subscription=row, enrollment=place, since=now, days=1, lots={word: now.isoformat()})
    free, without = free_plan(place, word, prefix)
    report = BillingReport.objects.create(
        connection=account, kind="whole", started_at=now, finished_at=now, problem=f"{word} away",
        asked_by=f"user:{word}",
    )  # fmt: skip
    BillingDifference.objects.create(
        report=report, kind="other_state", object_id=f"sub_{word}", ours=f"{word} here", theirs=f"{word} there"
    )
    return {
        "stripe_hook": str(account.public_id), "plan_code": plan.code, "subscription": str(row.public_id),
        "box": str(box.public_id), "box_row": str(box.pk),
        "invoice": str(invoice.public_id), "stripe_account": str(account.pk), "plan_row": str(plan.pk),
        "subscription_row": str(row.pk), "invoice_row": str(invoice.pk), "billing_report": str(report.pk),
        "stripe_event_row": str(event.pk), "quarantined_row": str(apart.pk), "dispute_row": str(dispute.pk),
        "win_back_row": str(offer.pk), "promotion_row": str(code.pk),
        "meter_code": meter.code, "free_plan_code": free.code, "free_subscription": str(without.public_id),
        "add_on_code": top.code,
    }  # fmt: skip


def _boxed(row: Subscription, word: str) -> Shipment:
    """A box that is closed, and what its member likes."""
    assert row.period_end is not None
    now, where = clock.now(), address_sealed(Address(f"{word} Anna", f"{word} street", "1011", word, "NL"), None)
    BoxHabit.objects.create(subscription=row, address=where, country="NL", swaps={"tea": f"{word} tea"})
    return Shipment.objects.create(
        subscription=row, cycle_at=row.period_end, cut_off_at=now, sends_at=now, state="locked", paid_at=now,
        items=[{"for": "tea", "code": "tea", "name": f"{word} tea", "sku": "", "count": 1}],
        swaps={"tea": f"{word} tea"},
        extras=[{"code": "cup", "name": f"{word} cup", "sku": "", "count": 1}], address=where, country="NL",
        carrier=f"{word} post", tracking=f"{word} 3S", created_at=now, changed_at=now,
    )  # fmt: skip


def free_plan(place: Enrollment, word: str, prefix: str) -> tuple[MembershipPlan, Subscription]:
    """One of another group, whose actions ask nothing of Stripe."""
    now = clock.now()
    body = {"code": f"{prefix}free", "name": f"{word} free", "group": "free", "charge": {"kind": "free"}}
    plan = MembershipPlan.objects.create(
        program=place.program, code=f"{prefix}free", group="free", kind="free", body=body, position=1, changed_at=now
    )
    row = Subscription.objects.create(
        member=place.member, plan=plan, group="free", billing="active", access="held", started_at=now, created_at=now
    )
    return plan, row


def metered(row: Subscription, price: PlanPrice, word: str, prefix: str) -> MembershipPlan:
    """What is paid for afterwards, with a use that Stripe didn't take."""
    now = clock.now()
    charge = {"kind": "metered", "benefit": f"{prefix}benefit", "prices": [
        {"amount_minor": 100, "money_currency": "EUR", "every": "month"}
    ]}  # fmt: skip
    body = {"code": f"{prefix}meter", "name": f"{word} meter", "charge": charge}
    plan = MembershipPlan.objects.create(
        program=row.plan.program, code=f"{prefix}meter", group="membership", kind="metered", body=body, position=2,
        changed_at=now,
    )  # fmt: skip
    item = SubscriptionItem.objects.create(
        subscription=row, plan=plan, price=price, item_id=f"si_meter_{word}", quantity=0, since=now
    )
    MeteredUse.objects.create(
        item=item, use_id=uuid7(), units=1, used_at=now, counts_at=now, state="failed", error=f"{word} said",
        made_at=now,
    )  # fmt: skip
    return plan


def on_top(row: Subscription, word: str, prefix: str) -> MembershipPlan:
    """What can be added to the plan."""
    now = clock.now()
    charge = {"kind": "add_on", "prices": [{"amount_minor": 300, "money_currency": "EUR", "every": "month"}]}
    body = {"code": f"{prefix}top", "name": f"{word} top", "charge": charge}
    plan = MembershipPlan.objects.create(
        program=row.plan.program, code=f"{prefix}top", group="membership", kind="add_on", body=body, position=3,
        changed_at=now,
    )  # fmt: skip
    PlanPrice.objects.create(plan=plan, currency="EUR", every="month", number=1, amount_minor=300, since=now)
    return plan
