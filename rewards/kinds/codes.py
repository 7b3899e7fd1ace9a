"""Kinds that are a code at the till or at the checkout: a product, a discount, a gift card, a ticket."""

from __future__ import annotations

from rewards.kinds import Handing, kind_handler
from rewards.kinds.shapes import DiscountCode, Experience, FreeProduct, GiftCard
from rewards.pieces import money_currency_of
from rewards.vouchers import voucher_make, voucher_void


def free_product_issue(handing: Handing) -> None:
    kind: FreeProduct = handing.kind
    voucher_make(handing, terms={"skus": list(kind.skus)} if kind.skus else {})


def discount_code_issue(handing: Handing) -> None:
    kind: DiscountCode = handing.kind
    currency = kind.money_currency or money_currency_of(handing.redemption.reward.program_id)
    terms: dict[str, object] = (
        {"percent": kind.percent} if kind.percent is not None else {"amount_minor": kind.amount_minor}
    )
    if kind.minimum_minor:
        terms["minimum_minor"] = kind.minimum_minor
    voucher_make(handing, terms={**terms, "currency": currency}, prefix=kind.prefix)


def gift_card_issue(handing: Handing) -> None:
    kind: GiftCard = handing.kind
    currency = kind.money_currency or money_currency_of(handing.redemption.reward.program_id)
    voucher_make(handing, terms={}, amount_minor=kind.amount_minor, currency=currency)


def ticket_issue(handing: Handing) -> None:
    kind: Experience = handing.kind
    times = {"starts_at": kind.starts_at, "ends_at": kind.ends_at}
    voucher_make(handing, terms={name: at for name, at in times.items() if at})


kind_handler("free_product", issue=free_product_issue, revoke=voucher_void)
kind_handler("discount_code", issue=discount_code_issue, revoke=voucher_void)
kind_handler("gift_card", issue=gift_card_issue, revoke=voucher_void)
kind_handler("experience", issue=ticket_issue, revoke=voucher_void)
