"""The demo's brand that gives what a supplier delivers: its account at the stand-in, its offers, and some orders."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from core.actor import Actor, system
from core.errors import DomainError
from core.ids import uuid7
from loyalty.models import Enrollment, Program
from rewards.services import reward_redeem
from rewards.suppliers.accounts import connection_save, connection_verify
from rewards.suppliers.models import SupplierConnection, SupplierOffer, SupplierProduct
from rewards.suppliers.offering import offer_make
from rewards.suppliers.ordering import orders_work
from rewards.suppliers.syncing import sync_request, sync_run
from sandbox.supplier.__main__ import DEMO_KEY
from tenants.context import brand_context, platform_context
from tenants.models import Brand

DEMO = system("demo")


def supplier_add(plan: dict[str, Any], program: Program) -> None:
    """Connected, read, offered, and taken by the members with the most points. Nothing where no stand-in runs."""
    told = plan.get("supplier")
    if not told or not settings.SUPPLIER_STAND_IN:
        return
    currency = program.currencies.order_by("position").values_list("code", flat=True)[0]
    names = ("code", "name", "rates", "countries", "low_balance_minor")
    fields = {"program": program, "supplier": "card_catalogue", "base_url": settings.SUPPLIER_STAND_IN,
              "currency": currency, "round_to": 5, **{name: told[name] for name in names}}  # fmt: skip
    account = connection_save(connection=None, fields=fields, secret=DEMO_KEY, actor=DEMO)
    account = connection_verify(connection=account, actor=DEMO)
    sync_run(sync_request(connection=account, actor=DEMO, wakes=False).pk)
    for name, value in told["offers"]:
        product = SupplierProduct.objects.select_related("connection__program").get(external_id=name)
        offer_make(product=product, value_minor=value, actor=DEMO)
    _take(program, told["taken"])


def _take(program: Program, count: int) -> None:
    """Some are delivered by the time anybody looks, the last is still on its way."""
    offers = list(SupplierOffer.objects.select_related("reward").order_by("reward__price"))
    places = Enrollment.objects.filter(program=program).select_related("member")
    for number, place in enumerate(places.order_by("-accounts__balance")[:count]):
        actor = Actor("member", f"member:{place.member.public_id}", "web")
        try:
            reward_redeem(
                enrollment=place, reward=offers[number % len(offers)].reward, actor=actor, key=f"demo-{uuid7().hex}"
            )
        except DomainError:
            continue
    orders_work()


def supplier_moved(plan: dict[str, Any]) -> None:
    """The stand-in may stand elsewhere than at the last start."""
    if not plan.get("supplier") or not settings.SUPPLIER_STAND_IN:
        return
    with platform_context():
        brand = Brand.objects.get(slug=plan["slug"])
    with brand_context(brand):
        SupplierConnection.objects.filter(code=plan["supplier"]["code"]).update(base_url=settings.SUPPLIER_STAND_IN)
