"""Stripe Connect: an account is opened from the admin; events of all come in at one address, each to its brand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from billing.connecting import PLATFORM_EVENTS, PLATFORM_HOOK, account_follow, account_open, connect_offered
from billing.connections import connection_add, connection_now
from billing.errors import ConnectNotOffered, StripeKeyRefused, StripeNotConnected
from billing.gateway import API_VERSION, client_of
from billing.models import StripeConnection, StripeEvent
from billing.reconciling import events_reconcile
from billing.working import events_work
from core.tables import AuditEntry
from sandbox.stripe import delivery, pages
from sandbox.stripe.account import Account
from sandbox.stripe.accounts import endpoint_create
from sandbox.stripe.connect import submit
from sandbox.stripe.controls import CONTROLS
from sandbox.stripe.events import emit
from sandbox.stripe.server import LocalStripe
from tenants.context import brand_context, current_brand, platform_context
from tenants.models import Brand, PaymentAccount
from tests.billing.cast import Club, document
from tests.billing.desk import Entered, entered, page
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]
Json = dict[str, Any]
ASKED = {"country": "NL", "email": "owner@gem.example"}


class Platform:
    """The platform's account at the local Stripe, with its endpoint; what its accounts send is delivered by hand."""

    def __init__(self, server: LocalStripe, key: str) -> None:
        self.server, self.key = server, key
        with server.state.lock:
            self.account.webhooks["mode"] = "hold"
            made = server.state.by_key(key)
            self.endpoint = endpoint_create(
                made,
                {
                    "url": f"http://localhost{PLATFORM_HOOK}", "enabled_events": list(PLATFORM_EVENTS),
                    "api_version": API_VERSION, "connect": True,
                },
            )  # fmt: skip

    @property
    def account(self) -> Account:
        return self.server.state.by_key(self.key)

    def of(self, connection: StripeConnection) -> Account:
        return self.server.state.accounts[connection.account_id]

    def hold(self, connection: StripeConnection) -> None:
        self.of(connection).webhooks["mode"] = "hold"

    def signed(self, account: Account, event: str, secret: str = "") -> tuple[bytes, str]:
        body = delivery.body_of(account, event, self.endpoint)
        return body, delivery.signature(secret or self.endpoint["secret"], body, int(time.time()))

    def send(self, body: bytes, signature: str) -> Any:
        """To the platform's host; back at the brand afterwards, where the test stands."""
        client, here = Client(SERVER_NAME=configured.PLATFORM_HOST), current_brand()
        answer = client.post(
            PLATFORM_HOOK, body, content_type="application/json", headers={"Stripe-Signature": signature}
        )
        connection.set_tenant(here)  # type: ignore[attr-defined]  # django-tenants'
        return answer

    def deliver(self, account: Account) -> list[Any]:
        with self.server.state.lock:
            waiting, account.deliveries = account.deliveries, []
        return [self.send(*self.signed(account, each["event"])) for each in waiting]


@pytest.fixture
def platform(stand_in: LocalStripe, settings: Any, key: str, brand: Brand, touchable: set[str]) -> Iterator[Platform]:
    touchable.add("public")
    made = Platform(stand_in, key.replace("rk_", "sk_"))
    settings.STRIPE_PLATFORM_KEY = made.key
    settings.STRIPE_PLATFORM_SECRETS = [made.endpoint["secret"]]
    yield made
    with platform_context():
        PaymentAccount.objects.all().delete()


def opened(platform: Platform) -> StripeConnection:
    row = account_open(**ASKED, actor=shop.STAFF)
    platform.hold(row)
    return row


def ready(platform: Platform) -> StripeConnection:
    """Opened, and its owner has said who they are."""
    row = opened(platform)
    with platform.server.state.lock:
        submit(platform.of(row), "Gem")
    return account_follow(connection=row)


# --- opening ---------------------------------------------------------------------------------------------------------
def test_an_owner_opens_an_account_says_who_they_are_and_members_join_there(
    platform: Platform, brand: Brand, entered: Entered
) -> None:
    owner = entered("owner")
    assert "Open an account at Stripe" in text_of(owner.get(page("stripeconnection_changelist")))
    answer = owner.post(page("stripeconnection_open"), ASKED)
    row = StripeConnection.objects.get()
    platform.hold(row)
    assert answer["Location"] == page("stripeconnection_onboard", row.pk)
    with pytest.raises(StripeNotConnected):
        connection_now()
    shown = text_of(owner.get(page("stripeconnection_change", row.pk)))
    assert "can’t take payments: Stripe asks for more" in shown
    assert "The bank account external_account" in shown
    assert "begin at another account" not in shown
    leave = text_of(owner.get(page("stripeconnection_disconnect", row.pk)))
    assert "No membership renews there." in leave
    assert "0 memberships" not in leave
    way = owner.post(answer["Location"])
    [link] = [each for each in way.content.decode().split('"') if "/o/acct_" in each]
    done = pages.answer(platform.server.state, "POST", urlsplit(link).path, "", "press=done&name=Gem")
    back = owner.get(urlsplit(done.location).path, follow=True)
    assert "The account can take payments." in text_of(back)
    row.refresh_from_db()
    assert (row.charges_enabled, row.current, row.account_name, row.sealed_key) == (True, True, "Gem", "")
    assert connection_now() == row
    assert platform.key not in back.content.decode()


def test_a_way_that_is_over_says_so_and_offers_a_new_one(platform: Platform, entered: Entered) -> None:
    row, owner = opened(platform), entered("owner")
    text = text_of(owner.get(f"{page('stripeconnection_onboard', row.pk)}?late=1"))
    assert "was used already, or is too old" in text
    text = text_of(owner.get(page("stripeconnection_back", row.pk), follow=True))
    assert "can’t take payments yet" in text


def test_opening_twice_or_after_a_lost_answer_opens_one_account(platform: Platform) -> None:
    with platform.server.state.lock:
        platform.account.faults = [{"method": "POST", "path": "/v1/accounts", "kind": "lost_reply", "times": 1}]
    opened(platform)
    account_open(**{**ASKED, "country": "BE"}, actor=shop.STAFF)
    assert StripeConnection.objects.count() == 1
    assert len(platform.account.connected) == 1
    assert AuditEntry.objects.filter(action="stripe.account_open").count() == 1


def test_without_a_platforms_key_or_secret_nothing_is_offered(
    platform: Platform, settings: Any, entered: Entered
) -> None:
    settings.STRIPE_PLATFORM_SECRETS = []
    assert not connect_offered()
    with pytest.raises(ConnectNotOffered):
        account_open(**ASKED, actor=shop.STAFF)
    owner = entered("owner")
    assert "Open an account at Stripe" not in text_of(owner.get(page("stripeconnection_changelist")))
    assert "doesn’t open accounts" in text_of(owner.post(page("stripeconnection_open"), ASKED))
    refused = owner.post(page("stripeconnection_open"), {"country": "Holland", "email": "x"})
    assert "Two capital letters" in text_of(refused)


def test_only_who_may_connect_opens_one(platform: Platform, entered: Entered) -> None:
    assert entered("support").post(page("stripeconnection_open"), ASKED).status_code == 403
    assert not StripeConnection.objects.exists()


def test_an_account_of_the_other_mode_is_never_asked_with_this_key(platform: Platform) -> None:
    row = opened(platform)
    row.livemode = True
    with pytest.raises(StripeKeyRefused):
        client_of(row)


# --- what comes in ---------------------------------------------------------------------------------------------------
def test_a_member_joins_and_the_platforms_endpoint_brings_it_to_the_brand(
    platform: Platform, brand: Brand, client_for: Callable[..., Client]
) -> None:
    row = ready(platform)
    club = ConnectedClub(platform, row, brand)
    ann = club.somebody()
    assert club.press(club.join(ann).url).status == 303
    answers = platform.deliver(platform.of(row))
    assert {each.status_code for each in answers} == {200}
    club.work()
    assert (club.state(ann), club.plan(ann), club.charged()) == ("active", "plus", 1000)
    assert not StripeEvent.objects.exclude(state="done").exists()


class ConnectedClub(Club):
    """A club whose account the platform opened."""

    def __init__(self, platform: Platform, row: StripeConnection, brand: Brand) -> None:
        self.server, self.key, self.brand = platform.server, platform.key, brand
        self.program = shop.program(document())
        self.connection = row

    @property
    def account(self) -> Account:
        return self.server.state.accounts[self.connection.account_id]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("secret", "webhook_signature"),
        ("mode", "webhook_mode"),
        ("version", "webhook_version"),
        ("account", "webhook_account"),
        ("none", "webhook_account"),
        ("closed", "webhook_brand"),
    ],
)
def test_what_is_no_brands_is_refused_and_nothing_is_kept(
    platform: Platform, brand: Brand, how: str, said: str
) -> None:
    row = ready(platform)
    account = platform.of(row)
    event = account.deliveries[-1]["event"]
    body, _signature = platform.signed(account, event)
    body = {
        "mode": body.replace(b'"livemode": false,\n  "object": "event"', b'"livemode": true,\n  "object": "event"'),
        "version": body.replace(API_VERSION.encode(), b"2020-08-27"),
        "account": body.replace(row.account_id.encode(), b"acct_nobodysaccount"),
        "none": body.replace(f'"account": "{row.account_id}"'.encode(), b'"account": null'),
    }.get(how, body)
    if how == "mode":
        body = body.replace(b'"livemode": false', b'"livemode": true')
    if how == "closed":
        with platform_context():
            Brand.objects.filter(pk=brand.pk).update(status="suspended")
    secret = "whsec_another" if how == "secret" else platform.endpoint["secret"]
    answer = platform.send(body, delivery.signature(secret, body, int(time.time())))
    assert (answer.status_code, answer.content.decode().strip()) == (503 if how == "closed" else 400, said)
    assert not StripeEvent.objects.exists()


def test_an_event_reaches_the_brand_of_its_account_and_no_other(
    platform: Platform, brand: Brand, other_brand: Brand, touchable: set[str]
) -> None:
    mine = ready(platform)
    touchable.add(other_brand.schema_name)
    with brand_context(other_brand):
        theirs = ready(platform)
        assert theirs.account_id != mine.account_id
    platform.deliver(platform.of(theirs))
    assert not StripeEvent.objects.exists()
    with brand_context(other_brand):
        assert StripeEvent.objects.filter(type="account.updated").exists()
    before = StripeEvent.objects.count()
    platform.deliver(platform.of(mine))
    assert StripeEvent.objects.count() > before


def test_the_secret_before_is_taken_while_it_is_listed_and_the_brands_own_address_takes_none(
    platform: Platform, brand: Brand, settings: Any, client_for: Callable[..., Client]
) -> None:
    row = ready(platform)
    account = platform.of(row)
    settings.STRIPE_PLATFORM_SECRETS = ["whsec_new", platform.endpoint["secret"]]
    [answer, *_more] = platform.deliver(account)
    assert answer.status_code == 200
    event = StripeEvent.objects.latest("pk").event_id
    body, signature = platform.signed(account, event)
    there = client_for(brand).post(
        f"/hooks/stripe/{row.public_id}/", body, content_type="application/json",
        headers={"Stripe-Signature": signature},
    )  # fmt: skip
    assert (there.status_code, there.content) == (400, b"webhook_signature\n")


def test_what_stripe_asks_for_later_is_read_when_it_says_so(platform: Platform, brand: Brand, entered: Entered) -> None:
    row = ready(platform)
    account = platform.of(row)
    with platform.server.state.lock:
        CONTROLS["requirements"](account, {"due": ["person_1.verification.document"], "charges_enabled": False})
    platform.deliver(account)
    events_work()
    row.refresh_from_db()
    assert (row.charges_enabled, row.requirements) == (False, ["person_1.verification.document"])
    text = text_of(entered("owner").get(page("stripeconnection_change", row.pk)))
    assert "A person of the company person_1.verification.document" in text


# --- goodbye ---------------------------------------------------------------------------------------------------------
def test_behaviour_29_a_disconnected_account_is_told_once_and_members_keep_what_they_paid_for(
    platform: Platform, brand: Brand, entered: Entered
) -> None:
    owner = entered("owner")
    row = ready(platform)
    club = ConnectedClub(platform, row, brand)
    ann = club.somebody()
    club.press(club.join(ann).url)
    platform.deliver(platform.of(row))
    club.work()
    with platform.server.state.lock:
        CONTROLS["deauthorize"](platform.account, {"account": row.account_id})
    mail.outbox.clear()
    assert {each.status_code for each in platform.deliver(platform.of(row))} == {200}
    club.work()
    events_reconcile(row)
    club.work()
    row.refresh_from_db()
    assert (row.health, row.current) == ("disconnected", False)
    assert club.plan(ann) == "plus"
    with pytest.raises(StripeNotConnected):
        connection_now()
    told = [each.to[0] for each in mail.outbox if each.subject == "The account at Stripe was disconnected"]
    assert told
    assert len(told) == len(set(told)), "each owner once"
    assert "took our access away" in text_of(owner.get(page("stripeconnection_change", row.pk)))
    again = opened(platform)
    assert again.account_id != row.account_id


def test_a_goodbye_that_is_not_true_changes_nothing(platform: Platform) -> None:
    row = ready(platform)
    account = platform.of(row)
    with platform.server.state.lock:
        emit(account, "account.application.deauthorized", {"id": "ca_1", "object": "application", "name": None})
    platform.deliver(account)
    events_work()
    assert StripeEvent.objects.get(type="account.application.deauthorized").state == "done"
    row.refresh_from_db()
    assert (row.health, row.current) == ("good", True)


def test_an_own_key_that_came_meanwhile_stays_the_one_in_use(platform: Platform, stand_in: LocalStripe) -> None:
    row = ready(platform)
    row.objects_known.create(kind="product", ref="1", stripe_id="prod_1", made_at=row.created_at)
    with platform.server.state.lock:
        CONTROLS["requirements"](platform.of(row), {"due": ["company.tax_id"]})
    row = account_follow(connection=row)
    own = connection_add(key=platform.key.replace("sk_", "rk_") + "own", actor=shop.STAFF)
    with platform.server.state.lock:
        CONTROLS["requirements"](platform.of(row), {"due": [], "charges_enabled": True})
    account_follow(connection=row)
    assert connection_now() == own


# --- the endpoint ----------------------------------------------------------------------------------------------------
def test_the_command_makes_the_endpoint_and_tells_its_secret_once(
    platform: Platform, capsys: Any, settings: Any
) -> None:
    call_command("stripe_platform", skip_checks=True)
    said = capsys.readouterr().out
    made = list(platform.account.objects["webhook_endpoint"].values())[-1]
    assert made["_secret"] in said
    assert (made["_connect"], made["api_version"]) == (True, API_VERSION)
    assert urlsplit(made["url"]).path == PLATFORM_HOOK
    assert platform.key not in said
    settings.STRIPE_PLATFORM_KEY = ""
    with pytest.raises(CommandError):
        call_command("stripe_platform", skip_checks=True)
