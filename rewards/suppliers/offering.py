"""What of a supplier's catalogue the brand gives for points: each product at an amount becomes a reward.

The reward follows the catalogue: its price by the brand's rate, off when the product is withdrawn or sold out, on again
when it is back. What staff set by hand stays as they set it.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.audit import audit_record
from core.errors import DomainError, InvalidInput
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems
from loyalty.models import Program
from loyalty.selectors import document_now
from rewards.catalogue import reward_save
from rewards.kinds.shapes import Supplied
from rewards.models import Reward
from rewards.pieces import kind_of, piece_of, piece_plain
from rewards.suppliers.errors import NoRate, NotForSale, OfferedAlready
from rewards.suppliers.models import SupplierConnection, SupplierOffer, SupplierProduct
from rewards.suppliers.pricing import cost_of, digits_of, points_for, rate_of, whole
from rewards.suppliers.protocol import Product

log = logging.getLogger(__name__)


def fits(countries: list[str], currency: str, account: SupplierConnection) -> bool:
    """Whether the brand can sell it: a rate for its money, and a country in common. No countries: everywhere."""
    if rate_of(account.rates, currency) is None:
        return False
    return not countries or not account.countries or bool(set(countries) & set(account.countries))


def products_fit(account: SupplierConnection) -> None:
    """After the account's rates or countries have changed: which products still fit."""
    for row in SupplierProduct.objects.select_for_update(no_key=True).filter(connection=account).order_by("pk"):
        now_fits = fits(row.countries, row.money_currency, account)
        if row.fits != now_fits:
            row.fits = now_fits
            row.save(update_fields=["fits"])


def product_sells(product: SupplierProduct, value_minor: int) -> bool:
    """Whether the product can be had at that amount."""
    return Product(
        id=product.external_id, name=product.name, currency=product.money_currency, values=tuple(product.values),
        least=product.least_minor, most=product.most_minor, step=product.step_minor,
    ).sells(value_minor)  # fmt: skip


def price_of(product: SupplierProduct, value_minor: int) -> int | None:
    """What it costs in points, in minor units, by the account's rate; None without one."""
    account = product.connection
    known = next((each for each in document_now(account.program_id).currencies if each.code == account.currency), None)
    if known is None:
        return None
    return points_for(
        value_minor, product.money_currency, rates=account.rates, rounding=account.rounding,
        round_to=account.round_to, scale=known.scale,
    )  # fmt: skip


def product_named(kind: Supplied) -> tuple[SupplierProduct | None, int | None]:
    """The product that a reward's kind means, and at which amount: its only one where the kind names none."""
    found = SupplierProduct.objects.filter(connection__code=kind.supplier, external_id=kind.product)
    product = found.select_related("connection__program").first()
    if product is None:
        return None, None
    value = kind.amount_minor
    if value is None and len(product.values) == 1:
        value = product.values[0]
    return product, value


def supplied_problems(program: Program, kind: Supplied, path: str) -> Problems:
    """What only the tables can tell before a document is published. An account that isn't there yet is named too."""
    account = SupplierConnection.objects.filter(code=kind.supplier, program=program).first()
    if account is None:
        yield Problem(
            f"{path}.supplier",
            phrase("There is no supplier “%(code)s”.", code=kind.supplier),
            phrase("Connect it first, under that code."),
        )
        return
    product, value = product_named(kind)
    if product is None:
        yield Problem(
            f"{path}.product",
            phrase("The supplier has no such product."),
            phrase("Read its catalogue, and name one of its products."),
        )
    elif value is None:
        yield Problem(
            f"{path}.amount_minor", phrase("It doesn’t say at which amount."), phrase("Name one of its amounts.")
        )
    elif kind.money_currency not in (None, product.money_currency):
        yield Problem(
            f"{path}.money_currency",
            phrase("It is sold in %(currency)s.", currency=product.money_currency),
            phrase("Name that currency."),
        )


def offer_make(
    *, product: SupplierProduct, value_minor: int, actor: Actor, price: int | None = None, name: str = ""
) -> SupplierOffer:
    """Give the product at that amount for points, at once and in the program's draft.

    price: set by hand, in minor units; None: by the rate. NotForSale, NoRate, OfferedAlready, InvalidInput,
    ProgramInvalid.
    """
    if not product.on_sale or not product_sells(product, value_minor):
        raise NotForSale(field="value_minor")
    points = price if price is not None else price_of(product, value_minor)
    if points is None:
        raise NoRate(field="value_minor")
    if points < 1:
        raise InvalidInput(_("A price is 1 or more."), field="price")
    with transaction.atomic():
        # Two who offer the same at once meet here.
        SupplierProduct.objects.select_for_update(no_key=True).get(pk=product.pk)
        if SupplierOffer.objects.filter(product=product, value_minor=value_minor).exists():
            raise OfferedAlready(field="value_minor")
        plain = piece_made(product, value_minor, points, name)
        reward = reward_save(program=product.connection.program, plain=plain, actor=actor)
        return SupplierOffer.objects.create(
            reward=reward, product=product, value_minor=value_minor, price_by_rate=price is None
        )


def piece_made(product: SupplierProduct, value_minor: int, points: int, name: str = "") -> dict[str, Any]:
    """The reward as the program's document writes it."""
    account = product.connection
    amount = whole(value_minor, product.money_currency)
    digits = 0 if amount == amount.to_integral_value() else digits_of(product.money_currency)
    plain: dict[str, Any] = {
        "code": f"s{product.pk}_{value_minor}",
        "name": (name or f"{product.name}, {amount:.{digits}f} {product.money_currency}")[:120],
        "description": product.description[:4000],
        "terms": product.terms[:8000],
        "emoji": "🎁",
        "kind": {
            "kind": "supplied", "supplier": account.code, "product": product.external_id,
            "amount_minor": value_minor, "money_currency": product.money_currency,
        },
        "prices": [{"points": points, "currency": account.currency}],
        "countries": _only_in(product),
        "valid_days": product.valid_days,
    }  # fmt: skip
    if document_now(account.program_id).program.money_currency == product.money_currency:
        plain |= {"unit_cost_minor": cost_of(value_minor, product.cost_bp), "face_value_minor": value_minor}
    return plain


def _only_in(product: SupplierProduct) -> list[str]:
    """Where it can be had, when that isn't everywhere that the brand sells."""
    ours = product.connection.countries
    if not product.countries or (ours and set(ours) <= set(product.countries)):
        return []
    return sorted(set(product.countries) & set(ours) if ours else product.countries)


def offers_follow(*, connection: SupplierConnection, actor: Actor) -> int:
    """Make the rewards follow the catalogue, the rate, and whether the account sells at all. How many changed."""
    _offers_found(connection)
    changed = 0
    offers = SupplierOffer.objects.filter(product__connection=connection).select_related(
        "reward", "product__connection__program"
    )
    for offer in offers.order_by("pk"):
        changed += _follow(offer, actor)
    return changed


def _offers_found(connection: SupplierConnection) -> None:
    """Rewards that came with a document are followed too; their price is what the document says."""
    strays = Reward.objects.filter(program=connection.program_id, kind="supplied", supplier_offer=None)
    for reward in strays.order_by("pk"):
        kind = kind_of(reward)
        if isinstance(kind, Supplied) and kind.supplier == connection.code:
            product, value = product_named(kind)
            if product is not None and value is not None:
                SupplierOffer.objects.create(reward=reward, product=product, value_minor=value, price_by_rate=False)


def _follow(offer: SupplierOffer, actor: Actor) -> bool:
    product, reward = offer.product, offer.reward
    price = price_of(product, offer.value_minor) if offer.price_by_rate else reward.price
    there = product.on_sale and product.connection.sells and product_sells(product, offer.value_minor)
    changed = False
    if price is not None and price != reward.price:
        changed = _price_put(offer, price, actor)
    there = there and price is not None
    if reward.active == there or (there and not offer.stopped):
        return changed
    offer.stopped = not there
    offer.save(update_fields=["stopped"])
    Reward.objects.filter(pk=reward.pk).update(active=there)
    audit_record(
        actor=actor.name,
        action="reward.change",
        object_type="reward",
        object_id=reward.pk,
        changes={"offered": [not there, there]},
    )
    return True


def _price_put(offer: SupplierOffer, price: int, actor: Actor) -> bool:
    """The price that everybody pays. A reward whose draft is in somebody's hands keeps its price for now."""
    reward = offer.reward
    plain = piece_plain(piece_of(reward))
    prices = [dict(each) for each in plain.get("prices", [])]
    if len(prices) != 1:
        return False
    prices[0]["points"] = price
    try:
        reward_save(program=reward.program, plain={**plain, "prices": prices}, actor=actor, before=reward.code)
    except DomainError as refusal:
        log.warning("price of reward %s not changed: %s", reward.pk, refusal.code)
        return False
    return True
