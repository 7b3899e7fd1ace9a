"""An account at a supplier: its key goes in and never comes out; it sells once it was tried."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from core.egress import AddressRefused
from core.errors import Conflict, InvalidInput
from core.outbox import outbox_drain
from core.resealing import place_reseal, sealed_places
from core.tables import AuditEntry
from loyalty.models import Program
from rewards.suppliers.accounts import (
    connection_pause,
    connection_save,
    connection_verify,
    secret_rotate,
    supplier_of,
)
from rewards.suppliers.errors import SecretNeeded, SupplierRefused
from rewards.suppliers.models import SupplierConnection, SupplierOrder
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import KEY, StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def everything_stored() -> str:
    """All of the room's tables and the audit trail as the database has them."""
    said = []
    with connection.cursor() as cursor:
        for table in ("rewards_supplierconnection", "rewards_supplierorder", "core_auditentry", "core_outboxmessage"):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            said.append(cursor.fetchone()[0])
    return " ".join(said)


def test_the_key_lies_sealed_and_only_its_end_is_readable(program: Program, stand_in: StandIn) -> None:
    made = cast.account(program, stand_in)
    assert made.secret_last4 == KEY[-4:]
    assert KEY not in everything_stored()
    assert made.verified_at is not None
    assert (made.balance_minor, made.balance_currency) == (500_000, "EUR")


def test_an_account_sells_nothing_before_it_was_tried(program: Program, stand_in: StandIn) -> None:
    account = cast.account(program, stand_in)
    offer = cast.offer(account)
    SupplierConnection.objects.update(verified_at=None)
    with pytest.raises(Conflict, match=r"just now|not offered"):
        cast.take(cast.member(program), offer.reward)


def test_a_wrong_key_is_told_and_changes_nothing_else(program: Program, stand_in: StandIn) -> None:
    account = cast.account(program, stand_in)
    with pytest.raises(SupplierRefused) as refused:
        secret_rotate(connection=account, secret="not-the-right-key", actor=shop.STAFF)
    assert str(refused.value.detail).startswith("The supplier doesn’t accept the key.")
    account.refresh_from_db()
    assert account.secret_last4 == KEY[-4:]
    assert supplier_of(account).balance().amount_minor == 500_000


def test_a_new_key_takes_the_old_ones_place_once_the_supplier_took_it(program: Program, stand_in: StandIn) -> None:
    account = cast.account(program, stand_in)
    stand_in.tell(keys=["the-second-key-0002"])
    with pytest.raises(SupplierRefused):
        connection_verify(connection=account, actor=shop.STAFF)
    rotated = secret_rotate(connection=account, secret="the-second-key-0002", actor=shop.STAFF)
    assert (rotated.secret_last4, rotated.problem) == ("0002", "")
    assert supplier_of(rotated).balance().amount_minor == 500_000
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"supplier.add", "supplier.rotate"}


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://supplier.example/", "https://localhost/", "nonsense"])
def test_an_address_inside_the_house_is_refused(program: Program, stand_in: StandIn, url: str) -> None:
    account = cast.account(program, stand_in)
    with pytest.raises(AddressRefused):
        connection_save(connection=account, fields={"base_url": url}, secret=KEY, actor=shop.STAFF)
    account.refresh_from_db()
    assert account.base_url == stand_in.url


def test_a_key_is_not_sent_to_another_house_than_the_one_it_was_given_for(program: Program, stand_in: StandIn) -> None:
    account = cast.account(program, stand_in)
    elsewhere = {"base_url": "https://catcher.example/"}
    with pytest.raises(SecretNeeded):
        connection_save(connection=account, fields=elsewhere, actor=shop.STAFF)
    moved = connection_save(connection=account, fields=elsewhere, secret="a-key-for-there", actor=shop.STAFF)
    assert moved.verified_at is None
    assert not moved.sells


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"rates": {}}, "rates"),
        ({"rates": {"EURO": "1"}}, "rates"),
        ({"rates": {"EUR": "many"}}, "rates"),
        ({"rates": {"EUR": "0"}}, "rates"),
        ({"rates": {"EUR": "-1"}}, "rates"),
        ({"rates": {"EUR": "NaN"}}, "rates"),
        ({"countries": ["Holland"]}, "countries"),
        ({"currency": "gold"}, "currency"),
        ({"round_to": 0}, "round_to"),
        ({"low_balance_minor": -1}, "low_balance_minor"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_where(
    program: Program, stand_in: StandIn, fields: dict[str, Any], where: str
) -> None:
    account = cast.account(program, stand_in)
    with pytest.raises(InvalidInput) as refused:
        connection_save(connection=account, fields=fields, actor=shop.STAFF)
    assert refused.value.field == where


def test_a_pause_by_the_team_stops_the_sale_and_not_the_orders(program: Program, stand_in: StandIn) -> None:
    account = cast.account(program, stand_in)
    offer = cast.offer(account)
    anna = cast.member(program)
    order = cast.take(anna, offer.reward)
    connection_pause(connection=account, paused=True, actor=shop.STAFF)
    with pytest.raises(Conflict, match=r"just now|not offered"):
        cast.take(anna, offer.reward)
    assert cast.to_the_end(order).state == "delivered"
    cast.read(account)
    assert SupplierConnection.objects.get(pk=account.pk).paused == "staff"
    connection_pause(connection=account, paused=False, actor=shop.STAFF)
    cast.take(anna, offer.reward)


def test_keys_and_codes_survive_a_change_of_the_master_key(program: Program, stand_in: StandIn, settings: Any) -> None:
    account = cast.account(program, stand_in)
    order = cast.to_the_end(cast.take(cast.member(program), cast.offer(account).reward))
    before = SupplierOrder.objects.get(pk=order.pk).sealed
    old = settings.MASTER_KEYS
    settings.MASTER_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=", *old]
    for place in sealed_places():
        if place.table.startswith("rewards_supplier"):
            assert place_reseal(place) == 1
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert SupplierOrder.objects.get(pk=order.pk).sealed != before
    assert supplier_of(SupplierConnection.objects.get()).balance().currency == "EUR"
    from rewards.models import Redemption
    from rewards.vouchers import code_of

    [theirs] = stand_in.orders()
    assert theirs["code"] in (code_of(Redemption.objects.get()) or "")
    settings.MASTER_KEYS = old
    outbox_drain()
