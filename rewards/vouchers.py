"""Codes that are made here, and codes of pools, as partners check and use them up."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.outbox import outbox_add
from core.secrets import keyed_hash, keyed_hashes, seal, unseal
from rewards import services
from rewards.errors import (
    AlreadyUsed,
    VoucherCurrency,
    VoucherExpired,
    VoucherForeign,
    VoucherNotFound,
    VoucherShort,
    VoucherUsed,
    VoucherVoid,
)
from rewards.kinds import Handing, revealers
from rewards.models import PoolCode, Redemption, Voucher, VoucherUse
from rewards.offering import order_limit_check

PURPOSE = "voucher_code"
POOL_PURPOSE = "pool_code"
# Without 0, 1, I, L, O and U: read aloud and typed without mistakes, and no words by chance.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 4, 4
State = Redemption.State


class Found(msgspec.Struct, frozen=True):
    """A code that is there: its redemption, and the voucher when the code was made here."""

    redemption: Redemption
    voucher: Voucher | None


def code_new(prefix: str = "") -> str:
    """78 bits after the prefix, as it is sealed and looked up: without the dashes that it is shown with."""
    return prefix + "".join(secrets.choice(LETTERS) for _letter in range(GROUPS * GROUP))


def code_shown(code: str) -> str:
    """In groups, for people."""
    head, tail = code[: -GROUPS * GROUP], code[-GROUPS * GROUP :]
    groups = [tail[at : at + GROUP] for at in range(0, len(tail), GROUP)]
    return "-".join([head, *groups] if head else groups)


def code_plain(code: str) -> str:
    """As it is looked up: what people add or leave out in typing makes no difference."""
    return "".join(each for each in code.upper() if each.isalnum())


def voucher_make(handing: Handing, *, terms: dict[str, Any], amount_minor: int | None = None, currency: str = "",
                 prefix: str = "") -> Voucher:  # fmt: skip
    """A code for the redemption; with an amount, one that is used up in parts. Within the caller's transaction."""
    code = code_new(prefix)
    return Voucher.objects.create(
        redemption=handing.redemption,
        kind=str(type(handing.kind).__struct_config__.tag),
        sealed=seal(code, purpose=PURPOSE),
        lookup=keyed_hash(code, purpose=PURPOSE),
        terms=terms,
        original_minor=amount_minor,
        balance_minor=amount_minor,
        money_currency=currency,
        use_until=handing.redemption.use_until,
        created_at=handing.now,
    )


def voucher_void(handing: Handing) -> None:
    """AlreadyUsed when anything of it was used and not given back."""
    row = Voucher.objects.select_for_update().filter(redemption=handing.redemption).first()
    if row is None:
        return
    if row.state == Voucher.State.USED or row.balance_minor != row.original_minor:
        raise AlreadyUsed()
    row.state = Voucher.State.VOID
    row.save(update_fields=["state"])


def code_of(redemption: Redemption) -> str | None:
    """The code in the clear, for its owner alone; None when there is none, or it isn't or no longer theirs."""
    if redemption.state in (State.RESERVED, State.CANCELED, State.LAPSED):
        return None
    if redemption.code is not None:
        return unseal(redemption.code.sealed, purpose=POOL_PURPOSE)
    voucher = Voucher.objects.filter(redemption=redemption).first()
    if voucher is not None:
        return code_shown(unseal(voucher.sealed, purpose=PURPOSE))
    return next((text for text in (reveal(redemption) for reveal in revealers()) if text is not None), None)


def voucher_find(code: str, *, member_id: int | None = None) -> Found:
    """What stands behind a code. VoucherNotFound; VoucherForeign when it is said whose it should be and it isn't."""
    rows = Voucher.objects.filter(lookup__in=keyed_hashes(code_plain(code), purpose=PURPOSE))
    voucher = rows.select_related("redemption__reward", "redemption__enrollment__member").first()
    if voucher is not None:
        found = Found(voucher.redemption, voucher)
    else:
        pooled = PoolCode.objects.filter(lookup__in=keyed_hashes(code.strip(), purpose=POOL_PURPOSE)).first()
        redemption = (
            Redemption.objects.filter(code=pooled).select_related("reward", "enrollment__member").first()
            if pooled is not None
            else None
        )
        # A code of a pool that nobody has yet is nobody's.
        if redemption is None or redemption.state == State.RESERVED:
            raise VoucherNotFound(field="code")
        found = Found(redemption, None)
    if member_id is not None and found.redemption.enrollment.member_id != member_id:
        raise VoucherForeign(field="member")
    return found


def voucher_check(found: Found, now: datetime) -> None:
    """VoucherVoid, VoucherUsed, VoucherExpired."""
    row, voucher = found.redemption, found.voucher
    if row.state in (State.CANCELED, State.LAPSED) or (voucher is not None and voucher.state == Voucher.State.VOID):
        raise VoucherVoid()
    if row.state == State.USED or (voucher is not None and voucher.state == Voucher.State.USED):
        raise VoucherUsed()
    if row.use_until is not None and now >= row.use_until:
        raise VoucherExpired(use_until=row.use_until.isoformat())


def voucher_redeem(
    *,
    code: str,
    actor: Actor,
    member_id: int | None = None,
    amount_minor: int | None = None,
    currency: str | None = None,
    reference: str = "",
) -> tuple[Found, VoucherUse | None]:
    """Use a code up, or so much of its balance. The use is the line of its ledger; codes of pools have none.

    reference: the order; a reward with a limit per order is used so often under one at most.

    VoucherNotFound, VoucherForeign, VoucherVoid, VoucherUsed, VoucherExpired, VoucherShort, VoucherCurrency,
    LimitReached, InvalidInput for an amount where none is, or none where one must be. Busy.
    """
    now = clock.now()
    with transaction.atomic():
        first = voucher_find(code, member_id=member_id)
        row = services._locked(first.redemption)
        voucher = _voucher_locked(first)
        found = Found(row, voucher)
        voucher_check(found, now)
        _amount_check(voucher, amount_minor, currency)
        order_limit_check(row.reward, reference, besides=row)
        use = None
        if voucher is not None:
            use = _use(voucher, amount_minor, reference, actor, now)
        elif reference:
            # Codes of pools have no line of their own that would say it.
            Redemption.objects.filter(pk=row.pk).update(order_number=reference[:200])
        if voucher is None or voucher.state == Voucher.State.USED:
            services.mark_used(row, actor=actor, now=now)
        else:
            told = {"redemption_id": str(row.pk), "amount_minor": amount_minor, "left_minor": voucher.balance_minor}
            outbox_add("voucher.used", {"member_id": str(row.enrollment.member.public_id), **told})
    return found, use


def _voucher_locked(found: Found) -> Voucher | None:
    return Voucher.objects.select_for_update().get(pk=found.voucher.pk) if found.voucher is not None else None


def _amount_check(voucher: Voucher | None, amount_minor: int | None, currency: str | None) -> None:
    balance = voucher.balance_minor if voucher is not None else None
    if balance is None:
        if amount_minor is not None:
            raise InvalidInput(_("This code is used whole: leave the amount out."), field="amount_minor")
        return
    assert voucher is not None
    if amount_minor is None or amount_minor <= 0:
        raise InvalidInput(_("Say how much of the balance is used, more than 0."), field="amount_minor")
    if currency is not None and currency != voucher.money_currency:
        raise VoucherCurrency(field="currency", currency=voucher.money_currency)
    if amount_minor > balance:
        raise VoucherShort(field="amount_minor", left_minor=balance, currency=voucher.money_currency)


def _use(voucher: Voucher, amount_minor: int | None, reference: str, actor: Actor, now: datetime) -> VoucherUse:
    if voucher.balance_minor is not None and amount_minor is not None:
        voucher.balance_minor -= amount_minor
    if not voucher.balance_minor:
        voucher.state = Voucher.State.USED
    voucher.save(update_fields=["balance_minor", "state"])
    return VoucherUse.objects.create(
        voucher=voucher,
        amount_minor=amount_minor,
        left_minor=voucher.balance_minor,
        reference=reference[:120],
        source=actor.source,
        actor=actor.name,
        used_at=now,
    )


def voucher_return(*, use: VoucherUse, amount_minor: int, reference: str, actor: Actor) -> VoucherUse:
    """Put so much of a use back on the card, for an order that was returned; never more than was used. Busy."""
    now = clock.now()
    with transaction.atomic():
        row = services._locked(use.voucher.redemption)
        voucher = Voucher.objects.select_for_update().get(pk=use.voucher_id)
        if voucher.balance_minor is None or use.amount_minor is None or use.amount_minor <= 0:
            raise InvalidInput(_("Only what was used of a balance can be put back."), field="use")
        if voucher.state == Voucher.State.VOID:
            raise VoucherVoid()
        back = -sum(each.amount_minor or 0 for each in VoucherUse.objects.filter(returned_use=use))
        if not 0 < amount_minor <= use.amount_minor - back:
            raise VoucherShort(field="amount_minor", left_minor=use.amount_minor - back)
        voucher.balance_minor += amount_minor
        voucher.state = Voucher.State.ACTIVE
        voucher.save(update_fields=["balance_minor", "state"])
        if row.state == State.USED:
            row.state, row.used_at = State.REDEEMED, None
            row.save(update_fields=["state", "used_at"])
        told = {"redemption_id": str(row.pk), "amount_minor": amount_minor, "left_minor": voucher.balance_minor}
        outbox_add("voucher.returned", {"member_id": str(row.enrollment.member.public_id), **told})
        return VoucherUse.objects.create(
            voucher=voucher, amount_minor=-amount_minor, left_minor=voucher.balance_minor, reference=reference[:120],
            returned_use=use, source=actor.source, actor=actor.name, used_at=now,
        )  # fmt: skip
