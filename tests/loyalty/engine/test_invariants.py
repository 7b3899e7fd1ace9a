"""A proof that can't fail is none: every promise of ledger_invariants() is broken once, by the owner, and reported."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from core import clock
from core.bases import AppendOnly, AppendOnlyRefused
from core.database import app_role, identifier, owner_connection
from core.ids import uuid7
from loyalty.adjusting import adjustment_make
from loyalty.holding import points_capture, points_hold
from loyalty.ledger import ledger_invariants
from loyalty.models import Event, Order, PointsEntry, PointsLot, ProgressCounter
from loyalty.pooling import pool_join
from loyalty.transferring import points_transfer
from rewards.models import CodePool, Reward
from rewards.pools import pool_import
from rewards.services import redemption_cancel, reward_redeem
from rewards.stock import stock_set
from tenants.context import park
from tenants.grants import append_only_tables, kept_tables
from tenants.provision import brand_drop, brand_provision
from tests.loyalty import shop

ROOT = Path(__file__).resolve().parent.parent.parent.parent

BREACHES = {
    "entries sum to the holdings": "UPDATE loyalty_pointsaccount SET balance = balance + 1",
    "entries sum to the debt": "UPDATE loyalty_pointsaccount SET debt = debt + 1",
    "active lots sum to the balance": "UPDATE loyalty_pointslot SET remaining = remaining - 1 WHERE remaining > 0",
    "waiting lots sum to pending": "UPDATE loyalty_pointsaccount SET pending = pending + 1",
    "held lots sum to reserved": "UPDATE loyalty_pointsaccount SET reserved = reserved + 1",
    "issued is what entries issued": "UPDATE loyalty_pointsaccount SET issued = issued + 1",
    "spent is what entries spent": "UPDATE loyalty_pointsaccount SET spent = spent + 1",
    "expired is what entries expired": "UPDATE loyalty_pointsaccount SET expired = expired - 1",
    "reversed is what entries reversed": "UPDATE loyalty_pointsaccount SET reversed = reversed + 1",
    "issued = held + spent + expired + reversed": "UPDATE loyalty_pointsaccount SET issued = issued - 1",
    "while there is debt, nothing can be spent": "UPDATE loyalty_pointsaccount SET debt = 5 WHERE balance > 0",
    "a lot is what was granted less what was drawn": "UPDATE loyalty_lotdraw SET points = points - 1",
    "an award has one lot of its points": "UPDATE loyalty_pointsentry SET points = points + 1 WHERE kind = 'earn'",
    "what leaves or comes back names its lots": "DELETE FROM loyalty_lotdraw",
    "draws stay within the account": "UPDATE loyalty_lotdraw d SET lot_id = (SELECT l.entry_id FROM loyalty_pointslot l"
    " JOIN loyalty_pointsentry e ON e.id = d.entry_id WHERE l.account_id <> e.account_id LIMIT 1)",
    "no award gives back more than it gave": "UPDATE loyalty_pointsentry SET points = -1000 WHERE kind = 'reverse'",
    "returns stay within the sale": "ALTER TABLE loyalty_order DROP CONSTRAINT order_refund_within_total;"
    " UPDATE loyalty_order SET refunded_minor = total_minor + 1",
    "what a lot lost by running out is what expiry drew": "UPDATE loyalty_pointslot SET expired = expired + 1",
    "what is active waits for nothing": "UPDATE loyalty_pointslot SET waits_for = 'a.b'",
    "whom members share with shares with nobody": "UPDATE loyalty_enrollment SET pool_id = (SELECT max(id) FROM"
    " loyalty_enrollment) WHERE id = (SELECT pool_id FROM loyalty_enrollment WHERE pool_id IS NOT NULL)",
    "who shares has nothing to spend of their own": "UPDATE loyalty_pointsaccount SET balance = 1",
    "what a lot holds is what open holds took": "UPDATE loyalty_pointslot SET held = held + 1, granted = granted + 1"
    " WHERE held > 0",
    "a hold is made up of its lots": "UPDATE loyalty_holdlot SET points = points + 1",
    "a captured hold stands on one spend": "UPDATE loyalty_pointshold SET captured = captured - 1 WHERE captured > 1",
    "both sides of a transfer sum to 0": "UPDATE loyalty_pointsentry SET points = points + 1"
    " WHERE kind = 'transfer' AND points > 0",
    "a line of a transfer has its transfer": "UPDATE loyalty_pointsentry SET transfer_id = NULL",
    "an approved adjustment is what was asked for": "UPDATE loyalty_pointsadjustment SET points = points + 1"
    " WHERE state = 'approved'",
    "an event that moved points left its outbox row": "DELETE FROM core_outboxmessage",
    "what an event names is there": "UPDATE loyalty_event SET member_id = -1",
    "an order is of the event and member that it names": "UPDATE loyalty_order SET source = 'elsewhere'",
    "what an entry names is there": "UPDATE loyalty_pointsentry SET event_id = gen_random_uuid()"
    " WHERE event_id IS NOT NULL",
    "a lot is of an entry": "UPDATE loyalty_pointslot SET entry_id = -entry_id",
    "a counter is of a place": "UPDATE loyalty_progresscounter SET enrollment_id = -enrollment_id",
    "sold and left make up the stock": "UPDATE rewards_rewardstock SET remaining = remaining + 1",
    "a redemption stands on one spend of its price": "UPDATE rewards_redemption SET price = price + 1",
    "canceled and given back are the same": "UPDATE rewards_redemption SET state = 'canceled'",
    "a code is handed out once, in order": "UPDATE rewards_codepool SET next_ordinal = next_ordinal + 1",
    "a handed-out code has its redemption": "UPDATE rewards_poolcode SET state = 'taken' WHERE state = 'free'",
}
# The other half of some promises.
MORE = [
    ("an award has one lot of its points", "DELETE FROM loyalty_lotdraw; DELETE FROM loyalty_pointslot"),
    ("an award has one lot of its points", "UPDATE loyalty_pointsentry SET kind = 'spend' WHERE kind = 'earn'"),
    ("what leaves or comes back names its lots", "UPDATE loyalty_lotdraw SET points = 1"),
    (
        "no award gives back more than it gave",
        "UPDATE loyalty_pointsentry SET reversal_of_id = id WHERE kind = 'reverse'",
    ),
    ("no award gives back more than it gave", "UPDATE loyalty_pointsentry SET debt = 1000 WHERE kind = 'reverse'"),
    ("canceled and given back are the same", "UPDATE rewards_redemption SET state = 'used'"),
    ("a hold is made up of its lots", "DELETE FROM loyalty_holdlot"),
    (
        "a captured hold stands on one spend",
        "UPDATE loyalty_pointshold SET state = 'expired' WHERE captured > 0",
    ),
    ("both sides of a transfer sum to 0", "UPDATE loyalty_pointstransfer SET points = points + 1"),
    ("a line of a transfer has its transfer", "UPDATE loyalty_pointsentry SET kind = 'earn' WHERE kind = 'transfer'"),
    ("what an event names is there", "UPDATE loyalty_event SET program_id = -1"),
    ("what an event names is there", "UPDATE loyalty_event SET version_id = -1"),
    ("an order is of the event and member that it names", "UPDATE loyalty_order SET event_id = gen_random_uuid()"),
    ("an order is of the event and member that it names", "UPDATE loyalty_order SET member_id = NULL"),
    ("what an entry names is there", "UPDATE loyalty_pointsentry SET account_id = -account_id"),
    ("what an entry names is there", "UPDATE loyalty_pointsentry SET reversal_of_id = -1"),
    ("what an entry names is there", "UPDATE loyalty_pointsentry SET transfer_id = gen_random_uuid()"),
    ("a code is handed out once, in order", "UPDATE rewards_codepool SET size = size + 1"),
    ("a handed-out code has its redemption", "UPDATE rewards_redemption SET code_id = NULL"),
]

# What no proof has to look for, since no row can break it.
REFUSED = {
    "a balance below nothing": ("UPDATE loyalty_pointsaccount SET balance = -1", "23514"),
    "pending below nothing": ("UPDATE loyalty_pointsaccount SET pending = -1", "23514"),
    "a debt below nothing": ("UPDATE loyalty_pointsaccount SET debt = -1", "23514"),
    "a lot with more than it was granted": ("UPDATE loyalty_pointslot SET remaining = granted + 1", "23514"),
    "a lot below nothing": ("UPDATE loyalty_pointslot SET remaining = -1", "23514"),
    "more taken back of an award than it gave": ("UPDATE loyalty_pointslot SET reversed = granted + 1", "23514"),
    "returns beyond the sale": ("UPDATE loyalty_order SET refunded_minor = total_minor + 1", "23514"),
    "stock below nothing": ("UPDATE rewards_rewardstock SET remaining = -1", "23514"),
    "codes beyond the pool": ("UPDATE rewards_codepool SET next_ordinal = size + 2", "23514"),
    "more captured than was held": ("UPDATE loyalty_pointshold SET captured = points + 1", "23514"),
    "an adjustment approved by who asked": ("UPDATE loyalty_pointsadjustment SET decided_by = requested_by", "23514"),
    "a transfer to oneself": ("UPDATE loyalty_pointstransfer SET recipient_id = sender_id", "23514"),
    "an event twice": ("UPDATE loyalty_event SET source = 'x', external_id = 'x'", "23505"),
    "an order twice": ("UPDATE loyalty_order SET source = 'x', number = 'x'", "23505"),
    "an effect twice": ("UPDATE loyalty_pointsentry SET account_id = 1, event_id = NULL, effect = 'x'", "23505"),
    "a code for two": ("UPDATE rewards_redemption SET code_id = (SELECT max(id) FROM rewards_poolcode)", "23505"),
    "a spend for two": ("UPDATE rewards_redemption SET entry_id = (SELECT min(id) FROM loyalty_pointsentry)", "23505"),
}


@pytest.fixture(scope="module")
def storied(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """A committed brand in which a bit of everything has happened, and where nothing is wrong."""
    slug = f"t{uuid7().hex[-10:]}"
    with django_db_blocker.unblock():
        brand = brand_provision(slug=slug, name=slug, owner_email="owner@example.com")
        try:
            connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
            _story()
            assert ledger_invariants() == []
            yield brand
        finally:
            connections.close_all()
            brand_drop(slug=slug)
            park()
            connections.close_all()


def _story() -> None:
    document = copy.deepcopy(shop.DOCUMENT)
    document["currencies"][0]["transfer"] = {"allowed": True}
    program, anna, bram = shop.program(document), shop.member("Anna"), shop.member("Bram")
    place = shop.place(anna, program)
    shop.send(shop.order(anna, 100, "A"), shop.order(anna, 20, days_ago=400), shop.order(bram, 50, "B"))
    shop.send(shop.returned(anna, "A", 10))
    pool = CodePool.objects.create(name="Cards")
    pool_import(pool=pool, codes=["one", "two", "three"], actor=shop.STAFF)
    fields = {"program": program, "currency": "points", "price": 5}
    mug = Reward.objects.create(code="mug", name="Mug", **fields)
    card = Reward.objects.create(code="card", name="Card", pool=pool, **fields)
    stock_set(reward=mug, total=20, actor=shop.STAFF)
    taken = [
        reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key=f"{reward.code}{n}")
        for n, reward in enumerate([mug, mug, card, card])
    ]
    redemption_cancel(redemption=taken[0], actor=shop.STAFF, reason="changed")
    _points_on_their_way(place, shop.place(bram, program))
    home, child = (shop.place(shop.member(name), program) for name in ("Carla", "Dirk"))
    pool_join(enrollment=child, head=home, actor=shop.STAFF)
    shop.place(shop.member("Els"), program)


def _points_on_their_way(place: Any, other: Any) -> None:
    asked: dict[str, Any] = {"currency": "points", "actor": shop.PARTNER}
    points_hold(enrollment=place, points=7, key="open", **asked)
    used = points_hold(enrollment=place, points=9, key="used", **asked)
    points_capture(hold=used, points=4, actor=shop.PARTNER)
    points_transfer(sender=place, recipient=other, points=6, key="gift", **asked)
    adjustment_make(enrollment=other, points=3, key="sorry", reason="Sorry", **asked)


def _reported(brand: Any, breach: str, *, since: Any = None) -> set[str]:
    """The promises that are reported broken after the breach, which is then undone."""
    with owner_connection() as owner, owner.transaction(force_rollback=True):
        owner.execute(f"SET LOCAL search_path = {identifier(brand.schema_name)}".encode())
        owner.execute(breach.encode(), prepare=False)
        rows = owner.execute("SELECT promise FROM ledger_invariants(%s)", [since]).fetchall()
    return {str(promise) for (promise,) in rows}


@pytest.mark.parametrize(("promise", "breach"), [*BREACHES.items(), *MORE], ids=lambda value: value[:40])
def test_a_broken_promise_is_reported(storied: Any, promise: str, breach: str) -> None:
    assert promise in _reported(storied, breach)
    assert promise in _reported(storied, breach, since=clock.now() - timedelta(hours=1))


def test_every_promise_was_broken_once() -> None:
    """Whoever adds a promise to the SQL adds its breach here."""
    sources = [*(ROOT / "loyalty/sql").glob("*invariants*.sql"), *(ROOT / "rewards/sql").glob("*invariants*.sql")]
    text = "".join(path.read_text() for path in sources)
    made = set(re.findall(r"SELECT '([^']+)', jsonb_build_object", text)) | set(
        re.findall(r"^\s+\('([^']+)', ", text, re.M)
    )
    assert made == set(BREACHES)


def test_nothing_is_reported_of_accounts_that_were_not_touched_since(storied: Any) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    assert _reported(storied, BREACHES["spent is what entries spent"], since=tomorrow) == set()


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses(storied: Any, what: str) -> None:
    breach, state = REFUSED[what]
    with pytest.raises(psycopg.Error) as refused:
        _reported(storied, breach)
    assert refused.value.sqlstate == state


# --- append-only, by privilege --------------------------------------------------------------------------------------


def test_what_is_append_only_is_all_there() -> None:
    assert set(append_only_tables()) >= {
        "core_auditentry",
        "loyalty_lotdraw",
        "loyalty_pointsentry",
        "loyalty_programversion",
        "loyalty_tierchange",
        "loyalty_versionwithdrawal",
        "members_consent",
    }


@pytest.mark.parametrize("table", append_only_tables())
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_product_s_role_can_only_add(storied: Any, table: str, statement: str) -> None:
    if app_role() is None:
        pytest.skip("owner and guest are one role here")
    with psycopg.connect(settings.DATABASE_URL) as guest:
        guest.execute(f"SET search_path = {identifier(storied.schema_name)}".encode())
        assert guest.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() is not None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            guest.execute(statement.format(table).encode())


def test_what_the_booking_names_without_a_foreign_key_is_kept() -> None:
    bookings = (Event, Order, PointsEntry, PointsLot, ProgressCounter)
    fields = [
        field
        for model in bookings
        for field in model._meta.get_fields()
        if getattr(field, "db_constraint", None) is False
    ]
    assert len(fields) == 12
    named = {field.related_model._meta.db_table for field in fields if field.related_model is not None}
    assert named <= {*kept_tables(), *append_only_tables()}


@pytest.mark.parametrize("table", kept_tables())
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_product_s_role_deletes_nothing_that_bookings_name(storied: Any, table: str, statement: str) -> None:
    with psycopg.connect(settings.DATABASE_URL) as guest:
        guest.execute(f"SET search_path = {identifier(storied.schema_name)}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            guest.execute(statement.format(table).encode())


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE loyalty_pointsaccount DROP CONSTRAINT account_balance_not_negative",
        "ALTER TABLE loyalty_pointsentry OWNER TO CURRENT_USER",
        "CREATE TABLE mine ()",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION points_draw",
    ],
)
def test_the_product_s_role_changes_no_structure(storied: Any, statement: str) -> None:
    if app_role() is None:
        pytest.skip("owner and guest are one role here")
    with psycopg.connect(settings.DATABASE_URL) as guest:
        guest.execute(f"SET search_path = {identifier(storied.schema_name)}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            guest.execute(statement.encode())


def test_python_refuses_before_the_database_does(brand: Any) -> None:
    shop.program()
    shop.send(shop.order(shop.member(), 10))
    entry = PointsEntry.objects.get()
    assert isinstance(entry, AppendOnly)
    entry.points = 20
    for attempt in (
        entry.save,
        entry.delete,
        PointsEntry.objects.all().delete,
        lambda: PointsEntry.objects.update(points=1),
    ):
        with pytest.raises(AppendOnlyRefused):
            attempt()
    assert ledger_invariants() == []
