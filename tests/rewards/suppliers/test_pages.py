"""What members, the team and partners see of a supplier's rewards: never a code that isn't theirs, never a key."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from core.outbox import outbox_drain
from rewards.models import Reward
from rewards.suppliers.models import SupplierConnection, SupplierOrder, SupplierReconciliation, SupplierSync
from rewards.suppliers.syncing import sync_run
from tenants.models import Brand
from tests.api.cast import Api, key_made
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import KEY, StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(brand: Brand, stand_in: StandIn) -> SupplierConnection:
    return cast.account(shop.program(), stand_in)


@pytest.fixture
def anna(account: SupplierConnection) -> people.Person:
    who = people.person(account.program)
    shop.send(shop.order(who.member, 5000))
    return who


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:rewards_{name}", urlconf="config.urls_brand", args=args)


@pytest.mark.parametrize(
    ("language", "coming", "failed"),
    [
        ("en", "On its way", "Your points are back on your balance"),
        ("nl", "Onderweg", "Je punten staan weer op je saldo"),
    ],
)
def test_a_member_follows_the_delivery_in_their_language(
    account: SupplierConnection, brand: Brand, client_for: ClientFor, stand_in: StandIn, language: str, coming: str,
    failed: str,
) -> None:  # fmt: skip
    who = people.person(account.program, "Bea", language=language)
    shop.send(shop.order(who.member, 5000))
    offer = cast.offer(account)
    client = client_for(brand, user=who.user)
    client.post("/language/", {"language": language})
    order = cast.take(who.enrollment, offer.reward)
    address = f"/my-rewards/{order.redemption_id}/"
    assert coming in text_of(client.get(address))
    assert coming in text_of(client.get("/my-rewards/"))
    assert client.post(f"{address}cancel/").status_code == 302
    assert cast.outcome(order)[1] == "redeemed"
    cast.to_the_end(order)
    [theirs] = stand_in.orders()
    shown = text_of(client.get(address))
    assert theirs["code"] in shown
    assert theirs["pin"] in shown
    gone = cast.take(who.enrollment, offer.reward)
    stand_in.fails("place", "out_of_stock")
    cast.step(gone)
    assert failed in text_of(client.get(f"/my-rewards/{gone.redemption_id}/"))


def test_nobody_else_sees_the_code(
    account: SupplierConnection,
    anna: people.Person,
    brand: Brand,
    client_for: ClientFor,
    stand_in: StandIn,
    entered: Any,
) -> None:
    order = cast.to_the_end(cast.take(anna.enrollment, cast.offer(account).reward))
    [theirs] = stand_in.orders()
    bram = people.person(account.program, "Bram")
    assert client_for(brand, user=bram.user).get(f"/my-rewards/{order.redemption_id}/").status_code == 404
    owner = entered("owner")
    for address in (page("supplierorder_change", order.pk), page("redemption_change", order.redemption_id)):
        answer = owner.get(address)
        assert answer.status_code == 200
        assert theirs["code"] not in answer.content.decode()


def test_mails_tell_of_the_two_ends_without_the_code_and_the_team_is_told_once(
    account: SupplierConnection, anna: people.Person, stand_in: StandIn, entered: Any
) -> None:
    entered("owner")
    entered("support")
    offer = cast.offer(account)
    outbox_drain()
    mail.outbox.clear()
    cast.to_the_end(cast.take(anna.enrollment, offer.reward))
    failed = cast.take(anna.enrollment, offer.reward)
    stand_in.fails("place", "out_of_stock")
    cast.step(failed)
    stand_in.tell(balance_minor=1)
    waiting = cast.take(anna.enrollment, offer.reward)
    cast.step(waiting)
    outbox_drain()
    told = [(each.to[0], each.subject) for each in mail.outbox]
    assert sorted(told) == [
        ("anna@example.com", "It’s here: Boekenbeurs book token, 10 EUR"),
        ("anna@example.com", "Not delivered: Boekenbeurs book token, 10 EUR"),
        ("owner@gem.example", "Cards needs you"),
        ("owner@team.example", "Cards needs you"),
    ]
    code = stand_in.orders()[0]["code"]
    assert not any(code in str(each.message()) for each in mail.outbox)


def test_a_partner_reads_the_delivery_and_the_code(
    account: SupplierConnection, anna: people.Person, brand: Brand, client_for: ClientFor, stand_in: StandIn
) -> None:
    offer = cast.offer(account)
    api = Api(client_for(brand), key_made()[1])
    made = api.post("redemptions", {"member": str(anna.member.public_id), "reward": offer.reward.code}, once="k" * 20)
    assert made.status_code == 201, made.content
    name = made.json()["id"]
    pending = api.get(f"redemptions/{name}/delivery").json()
    assert (pending["state"], pending["product"], pending["amount_minor"]) == ("pending", "boekenbeurs-eur", 1000)
    assert api.get(f"redemptions/{name}").json()["code"] is None
    refused = api.post(f"redemptions/{name}/cancel", {"reason": "No more"}, once="c" * 20)
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_pending")
    cast.to_the_end(SupplierOrder.objects.get(redemption_id=name))
    assert api.get(f"redemptions/{name}/delivery").json()["state"] == "delivered"
    assert stand_in.orders()[0]["code"] in api.get(f"redemptions/{name}").json()["code"]
    assert api.get("redemptions/01932c1f-0b5d-7e44-b1a7-2c9d4e6f8a10/delivery").status_code == 404


# --- the team ----------------------------------------------------------------------------------------------------
def test_staff_connect_try_read_offer_and_compare(brand: Brand, stand_in: StandIn, entered: Any) -> None:
    program = shop.program()
    owner = entered("owner")
    sent = {
        "program": program.pk, "code": "cards", "name": "Cards", "supplier": "card_catalogue",
        "base_url": stand_in.url, "secret": KEY, "currency": "points", "rates": "EUR 100\nusd: 92,5", "rounding": "up",
        "round_to": "10", "countries": "nl, BE",
    }  # fmt: skip
    answer = owner.post(page("supplierconnection_add"), sent)
    assert answer.status_code == 302, answer.content.decode()
    account = SupplierConnection.objects.get()
    assert (account.rates, account.countries) == ({"EUR": "100", "USD": "92.5"}, ["BE", "NL"])
    change = page("supplierconnection_change", account.pk)
    assert KEY not in owner.get(change).content.decode()
    act = page("supplierconnection_act", account.pk)
    assert "low_balance_minor" not in owner.get(change).content.decode(), "nobody knows yet in which money"
    owner.post(act, {"act": "verify"})
    _limit_is_an_amount(owner, change, sent)
    owner.post(act, {"act": "read"})
    sync_run(SupplierSync.objects.get().pk)
    shown = text_of(owner.get(change))
    assert "sells" in shown
    assert "€5,000.00" in shown
    assert "10 seen" in shown
    product = cast.product(account)
    assert "Boekenbeurs" in text_of(owner.get(page("supplierproduct_changelist")))
    refused = owner.post(page("supplierproduct_offer", product.pk), {"value_minor": "999"})
    assert refused.status_code == 200
    assert not Reward.objects.exists()
    assert owner.post(page("supplierproduct_offer", product.pk), {"value_minor": "1500"}).status_code == 302
    reward = Reward.objects.get()
    assert (reward.price, reward.kind) == (1500, "supplied")
    again = owner.post(page("supplierproduct_offer", product.pk), {"value_minor": "1500"})
    assert "offered at that amount already" in text_of(again)
    made = owner.post(page("supplierconnection_compare", account.pk), {"days": "8"})
    assert made["Location"] == page("supplierreconciliation_change", SupplierReconciliation.objects.get().pk)
    assert "Both sides agree" in text_of(owner.get(made["Location"]))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12,505", "is no amount in EUR"),
        ("lots", "is no amount in EUR"),
        ("4.99", "From €5.00 to €150.00, in steps of €5.00."),
        ("150.01", "From €5.00 to €150.00, in steps of €5.00."),
    ],
)
def test_an_amount_of_a_range_is_typed_as_money(
    account: SupplierConnection, entered: Any, typed: str, said: str
) -> None:
    owner, address = entered("owner"), page("supplierproduct_offer", cast.product(account, "groenmarkt-eur").pk)
    assert "Amount in EUR" in text_of(owner.get(address))
    refused = owner.post(address, {"value_minor": typed})
    assert said in text_of(refused)
    assert not Reward.objects.exists()
    assert owner.post(address, {"value_minor": "15,00"}).status_code == 302
    assert Reward.objects.get().face_value_minor == 1500


def _limit_is_an_amount(owner: Any, change: str, sent: dict[str, Any]) -> None:
    """In the money of the account at the supplier, as people write it."""
    sent = {**sent, "secret": ""}
    refused = owner.post(change, {**sent, "low_balance_minor": "a lot"})
    assert "“a lot” is no amount in EUR. Write it as 25.00." in text_of(refused)
    assert "Give 0 or more" in text_of(owner.post(change, {**sent, "low_balance_minor": "-1"}))
    assert owner.post(change, {**sent, "low_balance_minor": "12,50"}).status_code == 302
    assert SupplierConnection.objects.get().low_balance_minor == 1250
    assert 'value="12.50"' in owner.get(change).content.decode()
    assert owner.post(change, {**sent, "low_balance_minor": ""}).status_code == 302
    assert SupplierConnection.objects.get().low_balance_minor == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("base_url", "https://10.0.0.1/", "one that may be called"),
        ("rates", "EUR lots", "is a number above 0"),
        ("countries", "Holland", "is no country"),
        ("secret", "short", "A key is 8 to 500"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    brand: Brand, stand_in: StandIn, entered: Any, field: str, value: str, said: str
) -> None:
    program = shop.program()
    sent = {
        "program": program.pk, "code": "cards", "name": "Cards", "supplier": "card_catalogue",
        "base_url": stand_in.url, "secret": KEY, "currency": "points", "rates": "EUR 100", "rounding": "up",
        "round_to": "10", "countries": "NL", field: value,
    }  # fmt: skip
    answer = entered("owner").post(page("supplierconnection_add"), sent)
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert KEY not in answer.content.decode()
    assert not SupplierConnection.objects.exists()


def test_a_new_key_is_tried_before_it_is_used(account: SupplierConnection, stand_in: StandIn, entered: Any) -> None:
    owner = entered("owner")
    where = page("supplierconnection_key", account.pk)
    refused = text_of(owner.post(where, {"secret": "not-the-right-key"}))
    assert "The supplier doesn’t accept the key." in refused
    assert "key_refused" not in refused
    stand_in.tell(keys=["the-second-key-0002"])
    assert owner.post(where, {"secret": "the-second-key-0002"}).status_code == 302
    assert SupplierConnection.objects.get().secret_last4 == "0002"


def test_staff_settle_an_order_that_waits_for_them(
    account: SupplierConnection, anna: people.Person, stand_in: StandIn, entered: Any
) -> None:
    order = cast.take(anna.enrollment, cast.offer(account).reward)
    SupplierOrder.objects.update(state="stuck", next_at=None)
    support = entered("support")
    assert "Give the points back" in text_of(support.get(page("supplierorder_change", order.pk)))
    back = page("supplierorder_give_back", order.pk)
    assert entered("analyst").post(back, {"reason": "Sick"}).status_code == 403
    assert support.post(back, {"reason": "Not there"}).status_code == 302
    assert cast.outcome(order) == ("failed", "canceled")
    assert shop.balance(anna.enrollment) == 5000


def test_the_differences_come_as_a_file(account: SupplierConnection, stand_in: StandIn, entered: Any) -> None:
    stranger = {"reference": "=1+1", "product": "boekenbeurs-eur", "value_minor": 1000, "currency": "EUR"}
    stand_in.tell(commit=[stranger])
    owner = entered("owner")
    owner.post(page("supplierconnection_compare", account.pk), {"days": "8"})
    made = SupplierReconciliation.objects.get()
    assert "not ours" in text_of(owner.get(page("supplierreconciliation_change", made.pk)))
    answer = owner.get(page("supplierreconciliation_csv", made.pk))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[1].startswith("unknown_here,no,'=1+1,")


def test_what_a_supplier_answered_is_told_in_words_wherever_it_stands(
    account: SupplierConnection, stand_in: StandIn, entered: Any
) -> None:
    owner = entered("owner")
    stand_in.fails("orders", "silent_before")
    owner.post(page("supplierconnection_compare", account.pk), {"days": "8"})
    made = SupplierReconciliation.objects.get()
    assert made.problem.startswith("no_answer: ")
    stand_in.fails("products", "busy")
    owner.post(page("supplierconnection_act", account.pk), {"act": "read"})
    sync_run(SupplierSync.objects.latest("pk").pk)
    stand_in.fails("account", "busy")
    said = text_of(owner.post(page("supplierconnection_act", account.pk), {"act": "verify"}, follow=True))
    assert "The supplier has too much to do just now." in said
    owner.cookies["django_language"] = "nl"
    pages = (
        page("supplierreconciliation_changelist") + "?period=all",
        page("supplierreconciliation_change", made.pk),
        page("supplierconnection_change", account.pk),
    )
    shown = [text_of(owner.get(each)) for each in pages]
    assert ["De leverancier gaf geen antwoord." in each for each in shown] == [True, True, False]
    assert shown[2].count("De leverancier heeft het op dit moment te druk.") == 2
    for each in (said, *shown):
        assert not any(code in each for code in ("no_answer", "busy:", "too_many_requests", "RemoteDisconnected"))
