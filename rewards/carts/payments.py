"""Paying a part of an order in points: reserve, then capture with the order's number, or release; refund by article.

The points are held, spent and given back through loyalty/holding.py and the ledger: each goes back to the lots that it
came from. A return that the shop sends as an event gives spent points back too, as the currency says; a refund here
gives what is still missing to its own sum, so both about the same goods give them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.ids import uuid7
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.holding import hold_effect, points_capture, points_hold, points_release
from loyalty.models import Enrollment, LotDraw, PointsEntry, PointsHold
from loyalty.payloads import OrderLine
from loyalty.selectors import balances_of, document_now, program_now, regrant_end
from members.models import Member
from rewards.carts.discounts import shared
from rewards.carts.errors import PartPaymentRefused, PaymentNotCaptured, RefundTooLarge
from rewards.carts.models import CartPayment, CartRefund
from rewards.carts.quoting import PayWith, checkout_of, paid_by, points_worth, usable_of

# Who keeps the holds of payments: the API of holds leaves them alone.
KEPT_FOR = "cart_payment"


class Bill(msgspec.Struct, frozen=True):
    """What is to be paid, discounts off. lines: with what each costs; without any, a refund goes by points alone."""

    total_minor: int
    lines: Sequence[OrderLine] = ()


class LineBack(msgspec.Struct, frozen=True):
    """Pieces of an article that go back."""

    sku: str
    quantity: int


def payment_reserve(
    *, enrollment: Enrollment, pay: PayWith, bill: Bill, actor: Actor, key: str, order_number: str = ""
) -> CartPayment:
    """Set points aside for a part of an order. The same key gives the same payment again.

    PartPaymentRefused, InsufficientPoints, NotSpendable, InvalidInput, IdempotencyKeyReused, Busy.
    """
    compiled = program_now(enrollment.program_id)
    setting = checkout_of(compiled).payment(pay.currency)
    if setting is None:
        raise PartPaymentRefused(_("Points of this currency don't pay for orders."), field="currency")
    reason = _reason(order_number)
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        usable = usable_of(setting, compiled, balances_of(enrollment), bill.total_minor)
        if not PointsHold.objects.filter(effect=hold_effect(actor, enrollment.pk, key)).exists():
            paid_by(pay, [usable])
        hold = points_hold(
            enrollment=enrollment,
            currency=pay.currency,
            points=pay.points,
            actor=actor,
            key=key,
            lasts=timedelta(minutes=setting.hold_minutes),
            reason=reason,
            order_number=order_number,
        )
        known = CartPayment.objects.filter(hold=hold).first()
        if known is not None:
            return known
        return _noted(enrollment, hold, pay, bill, points_worth(pay.points, usable.one, usable.value), actor)


def _noted(
    enrollment: Enrollment, hold: PointsHold, pay: PayWith, bill: Bill, amount: int, actor: Actor
) -> CartPayment:
    return CartPayment.objects.create(
        enrollment=enrollment,
        hold=hold,
        currency=pay.currency,
        points=pay.points,
        money=document_now(enrollment.program_id).program.money_currency,
        amount_minor=amount,
        lines=_shares(bill.lines, pay.points, amount),
        made_at=clock.now(),
        source=actor.source,
        initiated_by=actor.initiated_by,
        actor=actor.name,
    )


def _reason(order_number: str) -> dict[str, str]:
    if order_number:
        return {"en": f"Paid on order {order_number}", "nl": f"Betaald op bestelling {order_number}"}
    return {"en": "Paid in points", "nl": "Betaald met punten"}


def _shares(lines: Sequence[OrderLine], points: int, amount_minor: int) -> list[dict[str, Any]]:
    """Each line's part of what was paid in points, by what it costs."""
    costs = [line.net_minor + line.tax_minor for line in lines]
    of_points, of_money = shared(points, costs), shared(amount_minor, costs)
    return [
        {"sku": line.sku, "quantity": max(1, line.quantity), "points": part, "amount_minor": money, "refunded": 0}
        for line, part, money in zip(lines, of_points, of_money, strict=True)
    ]


def payment_capture(*, payment: CartPayment, order_number: str, actor: Actor, points: int | None = None) -> CartPayment:
    """The order is there: spend what was held, or `points` of it, under its number. HoldClosed, InvalidInput, Busy."""
    if not order_number.strip() or len(order_number) > 200:
        raise InvalidInput(_("Say the number of the order, in 200 characters at most."), field="order")
    with transaction.atomic():
        ledger.enrollment_lock(payment.enrollment_id)
        row = _read(payment)
        fresh = row.hold.state == PointsHold.State.HELD
        points_capture(hold=row.hold, actor=actor, points=points, order_number=order_number, kept_for=KEPT_FOR)
        if fresh and points is not None and points != row.points:
            _shrink(row, points)
        if fresh:
            _tell("cart.paid_in_points", row, {"points": row.points, "order": order_number})
    return _read(payment)


def _shrink(row: CartPayment, points: int) -> None:
    """Less was captured than was held: the lines' shares follow."""
    amount = row.amount_minor * points // row.points
    parts = [line["points"] for line in row.lines]
    for line, share, money in zip(row.lines, shared(points, parts), shared(amount, parts), strict=True):
        line["points"], line["amount_minor"] = share, money
    row.points, row.amount_minor = points, amount
    row.save(update_fields=["points", "amount_minor", "lines"])


def payment_release(*, payment: CartPayment, actor: Actor) -> CartPayment:
    """The order didn't come: everything goes back to its lots. HoldClosed, Busy."""
    points_release(hold=payment.hold, actor=actor, kept_for=KEPT_FOR)
    return _read(payment)


def payment_refund(
    *,
    payment: CartPayment,
    actor: Actor,
    lines: Sequence[LineBack] = (),
    points: int | None = None,
    reason: str = "",
) -> CartRefund:
    """Give points back to the lots that they came from: the share of these pieces, so many points, or all that is left.

    PaymentNotCaptured, RefundTooLarge, InvalidInput, Busy.
    """
    if lines and points is not None:
        raise InvalidInput(_("Say which articles or how many points, one of the two."), field="points")
    if points is not None and points <= 0:
        raise InvalidInput(_("Say how many points, more than 0."), field="points")
    with transaction.atomic():
        ledger.enrollment_lock(payment.enrollment_id)
        row = _read(payment)
        entry = row.hold.entry
        if row.hold.state != PointsHold.State.CAPTURED or entry is None:
            raise PaymentNotCaptured(state=row.hold.state)
        wanted = _wanted(row, lines, points)
        back = _restored(entry)
        # What a return gave back already isn't given again: the sum counts.
        given = max(0, min(row.refunded_points + wanted, row.points) - back)
        return _refunded(row, entry, wanted, given, lines, reason.strip()[:200], actor)


def _wanted(row: CartPayment, lines: Sequence[LineBack], points: int | None) -> int:
    left = row.points - row.refunded_points
    if not left:
        raise RefundTooLarge(left=0)
    if points is not None:
        if points > left:
            raise RefundTooLarge(field="points", left=left)
        return points
    if not lines:
        return left
    return min(left, sum(_line_back(row, each, index) for index, each in enumerate(lines)))


def _line_back(row: CartPayment, back: LineBack, index: int) -> int:
    """The points of these pieces, and note that they went back. Lines of one article are taken in order."""
    wanted, points = back.quantity, 0
    here = f"lines[{index}]"
    if wanted <= 0:
        raise InvalidInput(_("Say how many pieces, more than 0."), field=f"{here}.quantity")
    for line in row.lines:
        if line["sku"] != back.sku or not wanted:
            continue
        take = min(wanted, line["quantity"] - line["refunded"])
        before = line["points"] * line["refunded"] // line["quantity"]
        line["refunded"] += take
        points += line["points"] * line["refunded"] // line["quantity"] - before
        wanted -= take
    if wanted:
        known = sum(line["quantity"] - line["refunded"] for line in row.lines if line["sku"] == back.sku)
        raise RefundTooLarge(field=here, sku=back.sku, left=known)
    return points


def _restored(entry: PointsEntry) -> int:
    """What of the spend is back, by refunds here and by returns."""
    return int(PointsEntry.objects.filter(reversal_of=entry).aggregate(n=Sum("points"))["n"] or 0)


def _refunded(
    row: CartPayment, entry: PointsEntry, wanted: int, given: int, lines: Sequence[LineBack], reason: str, actor: Actor
) -> CartRefund:
    now, pk = clock.now(), uuid7()
    made = _given_back(row, entry, given, f"cart-refund:{pk}", actor) if given else None
    row.refunded_points += wanted
    row.save(update_fields=["refunded_points", "lines"])
    refund = CartRefund.objects.create(
        id=pk,
        payment=row,
        points=given,
        amount_minor=_worth(row, row.refunded_points) - _worth(row, row.refunded_points - wanted),
        lines=[msgspec.to_builtins(each) for each in lines],
        reason=reason,
        entry_id=made,
        made_at=now,
        initiated_by=actor.initiated_by,
        actor=actor.name,
    )
    if actor.initiated_by == "staff":
        audit_record(
            actor=actor.name, action="cart_payment.refund", object_type="cartpayment", object_id=str(row.pk),
            changes={"points": given, "reason": reason},
        )  # fmt: skip
    _tell("cart.refunded_in_points", row, {"points": given, "order": row.hold.order_number, "refund_id": str(pk)})
    return refund


def _worth(row: CartPayment, points: int) -> int:
    """What the first so many of its points paid for, so that refunds add up to all of it."""
    return row.amount_minor * points // row.points


def _given_back(row: CartPayment, entry: PointsEntry, points: int, effect: str, actor: Actor) -> int:
    """The reversing entry's id."""
    program_id, number = row.enrollment.program_id, row.hold.order_number
    known = next((each for each in document_now(program_id).currencies if each.code == row.currency), None)
    reason = {"en": f"Refund of order {number}", "nl": f"Terugbetaling van bestelling {number}"}
    # Where the points lie: who shares an account spends from its head's, and may have left since.
    return ledger.points_restore(
        enrollment_id=entry.account.enrollment_id,
        now=clock.now(),
        restore={
            "account": entry.account_id,
            "spend": entry.pk,
            "points": points,
            "lots": _lots(entry, points),
            "regrant_until": regrant_end(program_id, known.restore_policy) if known else None,
            "collect": known is None or known.refund_policy == "within_balance",
            "entry": ledger.entry_fields(
                kind="reverse", actor=actor, effect=effect, reason=reason, order_number=number
            ),
        },
    )


def _lots(entry: PointsEntry, points: int) -> list[dict[str, int]]:
    """The lots that get the points: the longest-lived first, which burning takes last; each what it gave at most."""
    back = dict(
        LotDraw.objects.filter(entry__reversal_of=entry, points__gt=0).values_list("lot").annotate(n=Sum("points"))
    )
    found = []
    for draw in LotDraw.objects.filter(entry=entry).order_by(F("lot__expires_at").desc(nulls_first=True), "-lot"):
        part = min(points, -draw.points - back.get(draw.lot_id, 0))
        if part > 0:
            found.append({"lot": draw.lot_id, "points": part})
            points -= part
    return found


def _read(payment: CartPayment) -> CartPayment:
    return CartPayment.objects.select_related("hold__entry__account", "enrollment__member", "enrollment__program").get(
        pk=payment.pk
    )


def _tell(topic: str, payment: CartPayment, told: dict[str, Any]) -> None:
    member = Member.objects.only("public_id").get(enrollments=payment.enrollment_id)
    body = {"member_id": str(member.public_id), "payment_id": str(payment.pk), "currency": payment.currency}
    outbox_add(topic, {**body, **told})
