"""Store credit: money on the member's account at the brand. The row is locked before it is used, its lines say why."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.outbox import outbox_add
from members.models import Member
from rewards.errors import AlreadyUsed, VoucherShort
from rewards.kinds import Handing, kind_handler
from rewards.kinds.shapes import StoreCredit as Kind
from rewards.models import Redemption, StoreCredit, StoreCreditLine
from rewards.pieces import money_currency_of


def credit_issue(handing: Handing) -> None:
    kind: Kind = handing.kind
    row = handing.redemption
    currency = kind.money_currency or money_currency_of(row.reward.program_id)
    credit = _locked(row.enrollment.member_id, currency)
    _line(credit, kind.amount_minor, handing.actor, redemption=row)


def credit_take_back(handing: Handing) -> None:
    """AlreadyUsed when less is left than this redemption gave."""
    line = StoreCreditLine.objects.filter(redemption=handing.redemption, amount_minor__gt=0).first()
    if line is None:
        return
    credit = StoreCredit.objects.select_for_update().get(pk=line.credit_id)
    if credit.balance_minor < line.amount_minor:
        raise AlreadyUsed()
    _line(credit, -line.amount_minor, handing.actor, redemption=handing.redemption)


def credit_use(*, member: Member, amount_minor: int, currency: str, reference: str, actor: Actor) -> StoreCredit:
    """A partner takes so much off at the checkout. VoucherShort, InvalidInput, Busy."""
    if amount_minor <= 0:
        raise InvalidInput(_("Say how much is used, more than 0."), field="amount_minor")
    with transaction.atomic():
        credit = _locked(member.pk, currency)
        if credit.balance_minor < amount_minor:
            raise VoucherShort(field="amount_minor", left_minor=credit.balance_minor, currency=currency)
        _line(credit, -amount_minor, actor, reference=reference)
        told = {"member_id": str(member.public_id), "amount_minor": amount_minor, "currency": currency}
        outbox_add("store_credit.used", {**told, "left_minor": credit.balance_minor})
    return credit


def _locked(member_id: int, currency: str) -> StoreCredit:
    StoreCredit.objects.get_or_create(member_id=member_id, money_currency=currency)
    return StoreCredit.objects.select_for_update().get(member_id=member_id, money_currency=currency)


def _line(
    credit: StoreCredit, amount_minor: int, actor: Actor, *, redemption: Redemption | None = None, reference: str = ""
) -> None:
    credit.balance_minor += amount_minor
    credit.save(update_fields=["balance_minor"])
    StoreCreditLine.objects.create(
        credit=credit, redemption=redemption, amount_minor=amount_minor, reference=reference[:120],
        actor=actor.name, made_at=clock.now(),
    )  # fmt: skip


kind_handler("store_credit", issue=credit_issue, revoke=credit_take_back)
