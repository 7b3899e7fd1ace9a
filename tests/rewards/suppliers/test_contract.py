"""What every supplier must do, tried on each folder under rewards/suppliers against its stand-in.

A new folder is added to STAND_INS: how to reach its account, and an order that it would take.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from core.ids import uuid7
from rewards.suppliers.protocol import Access, Product, Retryable, Supplier, SupplierError, Terminal, Unknown, Wanted
from rewards.suppliers.registry import kinds
from tests.rewards.suppliers.standin import KEY, StandIn

Faulty = Callable[..., None]
STAND_INS: dict[str, Wanted] = {"card_catalogue": Wanted("", "boekenbeurs-eur", 2500, "EUR")}


@pytest.fixture(params=sorted(kinds()))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def supplier(name: str, stand_in: StandIn) -> Supplier:
    return kinds()[name].connect(Access(stand_in.url, KEY, seconds=0.4))


@pytest.fixture
def wanted(name: str) -> Wanted:
    return replace(STAND_INS[name], key=str(uuid7()))


def test_every_folder_has_its_stand_in(name: str) -> None:
    assert name in STAND_INS


def test_the_whole_catalogue_comes_page_by_page_each_product_once(supplier: Supplier, stand_in: StandIn) -> None:
    seen: list[Product] = []
    after, pages = None, 0
    while True:
        page = supplier.products(after)
        seen += page.products
        pages, after = pages + 1, page.after
        if after is None:
            break
    assert pages > 1
    assert len({each.id for each in seen}) == len(seen) == page.total
    fixed = next(each for each in seen if each.values)
    free = next(each for each in seen if not each.values)
    assert fixed.sells(fixed.values[0])
    assert not fixed.sells(fixed.values[0] + 1)
    assert free.sells(free.least)
    assert free.sells(free.most)
    assert not free.sells(free.most + free.step)


def test_an_order_is_placed_delivered_and_gives_the_same_code_however_often_it_is_asked(
    supplier: Supplier, wanted: Wanted
) -> None:
    before = supplier.balance()
    placed = supplier.place(wanted)
    assert (placed.key, placed.value_minor, placed.currency) == (wanted.key, wanted.value_minor, wanted.currency)
    with pytest.raises(Retryable):
        supplier.codes(placed.ref)
    found = supplier.find(wanted.key)
    assert found is not None
    assert (found.state, found.ref) == ("delivered", placed.ref)
    first, second = supplier.codes(placed.ref), supplier.codes(placed.ref)
    assert first == second
    assert first[0].code
    assert before.amount_minor - supplier.balance().amount_minor == placed.charged_minor > 0


def test_the_same_key_again_is_the_same_order_charged_once(supplier: Supplier, wanted: Wanted) -> None:
    before = supplier.balance().amount_minor
    first, second = supplier.place(wanted), supplier.place(wanted)
    assert first.ref == second.ref
    assert before - supplier.balance().amount_minor == first.charged_minor


def test_a_key_that_was_never_used_is_surely_not_there(supplier: Supplier, wanted: Wanted) -> None:
    assert supplier.find(wanted.key) is None


@pytest.mark.parametrize("fault", ["silent_after_commit", "error_after_commit", "garbled"])
def test_what_may_have_happened_is_unknown_and_can_be_found_by_its_key(
    supplier: Supplier, wanted: Wanted, stand_in: StandIn, fault: str
) -> None:
    stand_in.fails("place", fault)
    with pytest.raises(Unknown):
        supplier.place(wanted)
    assert supplier.find(wanted.key) is not None


@pytest.mark.parametrize("fault", ["silent_before", "error_before"])
def test_what_did_not_happen_but_cannot_be_told_apart_is_unknown_too(
    supplier: Supplier, wanted: Wanted, stand_in: StandIn, fault: str
) -> None:
    stand_in.fails("place", fault)
    with pytest.raises(Unknown):
        supplier.place(wanted)
    assert supplier.find(wanted.key) is None


def test_an_answer_that_comes_too_late_is_unknown(supplier: Supplier, wanted: Wanted, stand_in: StandIn) -> None:
    stand_in.fails("place", "slow", slow_seconds=1.0)
    with pytest.raises(Unknown):
        supplier.place(wanted)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [("out_of_stock", Terminal, "out_of_stock"), ("no_funds", Retryable, "no_funds"), ("busy", Retryable, "busy")],
)
def test_a_refusal_says_whether_it_is_for_ever_and_nothing_was_charged(
    supplier: Supplier, wanted: Wanted, stand_in: StandIn, fault: str, kind: type[SupplierError], code: str
) -> None:
    before = stand_in.balance()
    stand_in.fails("place", fault)
    with pytest.raises(kind) as refused:
        supplier.place(wanted)
    assert refused.value.code == code
    assert supplier.find(wanted.key) is None
    assert stand_in.balance() == before


def test_what_is_not_for_sale_is_refused_for_ever(supplier: Supplier, wanted: Wanted) -> None:
    with pytest.raises(Terminal):
        supplier.place(replace(wanted, value_minor=wanted.value_minor + 1))
    with pytest.raises(Terminal):
        supplier.place(replace(wanted, product="no-such-thing"))


def test_a_key_that_is_refused_and_a_house_that_is_not_there_can_be_tried_again(
    name: str, stand_in: StandIn, settings: object, wanted: Wanted
) -> None:
    with pytest.raises(Retryable) as refused:
        kinds()[name].connect(Access(stand_in.url, "another key")).place(wanted)
    assert refused.value.code == "key_refused"
    settings.EGRESS_STAND_INS = frozenset({"127.0.0.1:9"})  # type: ignore[attr-defined]  # of the tests' settings
    with pytest.raises(Retryable) as away:
        kinds()[name].connect(Access("http://127.0.0.1:9", KEY)).place(wanted)
    assert away.value.code == "unreachable"


def test_the_list_for_reconciling_holds_each_order_once_and_those_alone_of_the_span(
    supplier: Supplier, wanted: Wanted
) -> None:
    keys = [str(uuid7()) for _each in range(60)]
    for key in keys:
        supplier.place(replace(wanted, key=key))
    now = datetime.now(UTC)
    found, after = [], None
    while True:
        page = supplier.orders(now - timedelta(hours=1), now + timedelta(hours=1), after)
        found += [each.key for each in page.orders]
        after = page.after
        if after is None:
            break
    assert sorted(found) == sorted(keys)
    assert supplier.orders(now + timedelta(hours=1), now + timedelta(hours=2), None).orders == ()


def test_codes_of_another_order_are_not_taken(supplier: Supplier, wanted: Wanted, stand_in: StandIn) -> None:
    refs = []
    for _each in range(2):
        key = str(uuid7())
        refs.append(supplier.place(replace(wanted, key=key)).ref)
        supplier.find(key)
    stand_in.fails("codes", "wrong_code")
    with pytest.raises(Retryable):
        supplier.codes(refs[0])
    assert supplier.codes(refs[0])[0].code
