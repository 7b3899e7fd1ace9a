"""What each kind of reward gives, how it is used up, and what of it can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.actor import Actor
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.models import Program
from rewards import guessing
from rewards.catalogue import reward_save
from rewards.errors import (
    AlreadyUsed,
    DonationGiven,
    GuessingLocked,
    NotInCountry,
    ParcelSent,
    VoucherCurrency,
    VoucherExpired,
    VoucherForeign,
    VoucherNotFound,
    VoucherShort,
    VoucherUsed,
    VoucherVoid,
)
from rewards.fulfilment import Address, ParcelState, address_of, address_set, parcel_move, parcels_csv
from rewards.kinds.credit import credit_use
from rewards.kinds.gifts import cause_totals
from rewards.models import CodePool, Fulfilment, GuessCount, Redemption, StoreCredit, Voucher, VoucherUse, WaitingPlace
from rewards.pieces import piece_of, piece_plain
from rewards.pools import pool_import
from rewards.refunding import redemption_refund
from rewards.services import redemption_cancel, redemption_use
from rewards.vouchers import code_of, voucher_find, voucher_redeem, voucher_return
from rewards.waiting import NoWaitingList, SeatsLeft, place_in_line, waiting_join, waiting_leave
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.catalog import later, made, rich, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(brand: Brand) -> Program:
    return shop.program()


def code(row: Redemption) -> str:
    found = code_of(row)
    assert found is not None
    return found


def use(text: str, **more: Any) -> Any:
    return voucher_redeem(code=text, actor=shop.PARTNER, **more)


def cancel(row: Redemption) -> Redemption:
    return redemption_cancel(redemption=row, actor=shop.STAFF, reason="sorry")


def test_a_discount_code_is_made_sealed_and_used_once(program: Program) -> None:
    place = rich(program)
    row = take(place, made(program, kind={"kind": "discount_code", "percent": 10, "prefix": "TEN"}))
    text = code(row)
    assert text.startswith("TEN-")
    voucher = Voucher.objects.get()
    assert text.replace("-", "") not in voucher.sealed + bytes(voucher.lookup).hex()
    found = voucher_find(f" {text.lower().replace('-', ' ')} ")
    assert (found.redemption.pk, found.voucher and found.voucher.terms) == (row.pk, {"percent": 10, "currency": "EUR"})
    use(text, reference="R-1")
    with pytest.raises(VoucherUsed):
        use(text)
    row.refresh_from_db()
    assert row.state == "used"
    with pytest.raises(AlreadyUsed):
        cancel(row)
    assert shop.balance(place) == 400


def test_two_members_never_get_the_same_code(program: Program) -> None:
    place, reward = rich(program), made(program)
    assert len({code(take(place, reward)) for _each in range(5)}) == 5


def test_a_gift_card_is_used_up_in_parts_and_its_ledger_says_how(program: Program) -> None:
    row = take(rich(program), made(program, kind={"kind": "gift_card", "amount_minor": 2500}))
    text = code(row)
    _found, first = use(text, amount_minor=700, currency="EUR", reference="R-1")
    with pytest.raises(VoucherCurrency):
        use(text, amount_minor=100, currency="USD")
    with pytest.raises(VoucherShort) as refusal:
        use(text, amount_minor=1801)
    assert refusal.value.context["left_minor"] == 1800
    with pytest.raises(AlreadyUsed):
        cancel(row)
    use(text, amount_minor=1800)
    row.refresh_from_db()
    assert row.state == "used"
    voucher_return(use=first, amount_minor=500, reference="back", actor=shop.PARTNER)
    with pytest.raises(VoucherShort):
        voucher_return(use=first, amount_minor=201, reference="back", actor=shop.PARTNER)
    row.refresh_from_db()
    assert (Voucher.objects.get().balance_minor, row.state) == (500, "redeemed")
    assert list(VoucherUse.objects.values_list("amount_minor", "left_minor")) == [(700, 1800), (1800, 0), (-500, 500)]


def test_a_gift_card_that_nobody_used_can_be_given_back_and_is_void(program: Program) -> None:
    place = rich(program)
    row = take(place, made(program, kind={"kind": "gift_card", "amount_minor": 2500}))
    text = code(row)
    cancel(row)
    assert shop.balance(place) == 500
    with pytest.raises(VoucherVoid):
        use(text, amount_minor=100)
    assert code_of(Redemption.objects.get(pk=row.pk)) is None


def test_a_code_of_another_or_past_its_time_is_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    row = take(rich(program), made(program, valid_days=3))
    other = rich(program, 0, "Bo")
    with pytest.raises(VoucherForeign):
        voucher_find(code(row), member_id=other.member_id)
    with pytest.raises(VoucherNotFound):
        voucher_find("AAAA-BBBB-CCCC-DDDD")
    later(monkeypatch, days=3)
    with pytest.raises(VoucherExpired):
        use(code(row))


def test_a_code_of_a_pool_is_checked_and_used_like_any_and_unknown_while_nobody_has_it(program: Program) -> None:
    pool = CodePool.objects.create(name="Cinema", low_at=2)
    pool_import(pool=pool, codes=["CINE-1", "CINE-2"], actor=shop.STAFF)
    with pytest.raises(VoucherNotFound):
        voucher_find("CINE-1")
    row = take(rich(program), made(program, kind={"kind": "pool_code", "pool": "Cinema"}))
    found, line = use("CINE-1")
    assert (found.redemption.pk, line) == (row.pk, None)
    with pytest.raises(VoucherUsed):
        use("CINE-1")
    assert OutboxMessage.objects.get(topic="pool.low").payload == {"pool_id": pool.pk, "pool": "Cinema", "left": 1}


def test_using_it_at_the_till_uses_its_code_too(program: Program) -> None:
    row = take(rich(program), made(program))
    redemption_use(redemption=row, actor=shop.PARTNER)
    with pytest.raises(VoucherUsed):
        use(code(row))


def test_who_guesses_is_locked_out_for_a_while(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    subjects = guessing.guessers("key1", 7, "till 1")
    for _each in range(guessing.MOST - 1):
        guessing.guess_failed(subjects)
    guessing.guessing_check(subjects)
    guessing.guess_failed(subjects)
    with pytest.raises(GuessingLocked) as refusal:
        guessing.guessing_check(guessing.guessers("key1", None, "till 1"))
    assert 0 < refusal.value.context["retry_after"] <= 900
    with pytest.raises(GuessingLocked):
        guessing.guessing_check(guessing.guessers("other", 7, "till 2"))
    for free in (("key1", None, "till 2"), ("key1", None, ""), ("key1", 8, ""), ("other", None, "till 1")):
        guessing.guessing_check(guessing.guessers(*free))
    later(monkeypatch, minutes=16)
    guessing.guessing_check(subjects)
    guessing.guess_failed(subjects)
    guessing.guessing_check(subjects)


def test_a_key_that_names_ever_new_places_is_locked_out_as_a_whole(program: Program) -> None:
    for number in range(guessing.MOST_OF_A_KEY):
        subjects = guessing.guessers("key1", None, f"customer {number}")
        guessing.guessing_check(subjects)
        guessing.guess_failed(subjects)
    for subject in (("key1", None, "somebody new"), ("key1", 7, ""), ("key1", None, "")):
        with pytest.raises(GuessingLocked):
            guessing.guessing_check(guessing.guessers(*subject))
    guessing.guessing_check(guessing.guessers("other", None, "customer 1"))


def test_what_counts_no_more_is_not_kept_and_a_name_never(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for _each in range(guessing.MOST):
        guessing.guess_failed(guessing.guessers("key1", None, "ann@example.com"))
    assert "ann" not in str(list(GuessCount.objects.values_list("subject", flat=True)))
    assert guessing.guesses_forget() == 0
    later(monkeypatch, minutes=16)
    assert guessing.guesses_forget() == 2


def test_store_credit_is_used_in_parts_and_taken_back_only_while_it_is_there(program: Program) -> None:
    place = rich(program)
    row = take(place, made(program, kind={"kind": "store_credit", "amount_minor": 1000}))
    credit_use(member=place.member, amount_minor=400, currency="EUR", reference="1", actor=shop.PARTNER)
    with pytest.raises(VoucherShort):
        credit_use(member=place.member, amount_minor=601, currency="EUR", reference="2", actor=shop.PARTNER)
    with pytest.raises(AlreadyUsed):
        cancel(row)
    again = take(place, row.reward)
    cancel(again)
    assert StoreCredit.objects.get().balance_minor == 600


def test_a_donation_adds_to_the_running_total_and_a_canceled_one_does_not(program: Program) -> None:
    kind = {"kind": "donation", "cause": "trees", "cause_name": "Trees", "amount_minor": 150}
    place, reward = rich(program), made(program, kind=kind)
    take(place, reward)
    cancel(take(place, reward))
    take(place, reward)
    [total] = cause_totals("trees")
    assert (total.amount_minor, total.gifts, total.currency) == (300, 2, "EUR")


def test_a_donation_is_a_gift_that_only_the_team_undoes_and_one_that_was_passed_on_stays(program: Program) -> None:
    kind = {"kind": "donation", "cause": "trees", "cause_name": "Trees", "amount_minor": 150}
    place, reward = rich(program), made(program, kind=kind)
    given, passed_on = take(place, reward), take(place, reward)
    with pytest.raises(DonationGiven):
        redemption_cancel(redemption=given, actor=Actor("member", "member:x", "web"), reason="x")
    assert cause_totals("trees")[0].amount_minor == 300
    redemption_cancel(redemption=given, actor=shop.STAFF, reason="A mistake")
    assert (cause_totals("trees")[0].amount_minor, shop.balance(place)) == (150, 400)
    redemption_use(redemption=passed_on, actor=shop.STAFF)
    with pytest.raises(AlreadyUsed):
        cancel(passed_on)
    redemption_refund(redemption=passed_on, actor=shop.STAFF, reason="Kindness")
    assert (cause_totals("trees")[0].amount_minor, shop.balance(place)) == (150, 500)


def test_a_donation_that_is_only_reserved_is_the_members_to_cancel(program: Program) -> None:
    kind = {"kind": "donation", "cause": "trees", "cause_name": "Trees", "amount_minor": 150}
    place, reward = rich(program), made(program, kind=kind)
    row = take(place, reward, reserve=timedelta(minutes=5))
    assert cause_totals("trees") == []
    redemption_cancel(redemption=row, actor=Actor("member", "member:x", "web"), reason="x")
    assert shop.balance(place) == 500


# --- parcels --------------------------------------------------------------------------------------------------------

HOME = Address(name="=Anna", street="Kade 12", postcode="1011 AB", city="Amsterdam", country="NL")


def test_a_parcel_waits_for_its_address_and_is_moved_on_by_staff(program: Program) -> None:
    row = take(
        rich(program, attributes={"country": "NL"}),
        made(program, kind={"kind": "physical", "sku": "MUG"}, countries=["NL"]),
    )
    parcel = Fulfilment.objects.get()
    assert parcel.state == "address"
    with pytest.raises(NotInCountry):
        address_set(redemption=row, address=Address("A", "B", "C", "D", "DE"), actor=shop.PARTNER)
    parcel = address_set(redemption=row, address=HOME, actor=shop.PARTNER)
    assert "Kade" not in (parcel.address or "")
    assert address_of(parcel) == HOME
    with pytest.raises(ParcelState):
        parcel_move(parcel=parcel, state="delivered", actor=shop.STAFF)
    parcel = parcel_move(parcel=parcel, state="shipped", actor=shop.STAFF, carrier="Post", tracking="3S")
    with pytest.raises(AlreadyUsed):
        cancel(row)
    assert parcel_move(parcel=parcel, state="shipped", actor=shop.STAFF).tracking == "3S"
    parcel_move(parcel=parcel, state="delivered", actor=shop.STAFF)
    lines = "".join(parcels_csv(Fulfilment.objects.all()))
    assert "'=Anna" in lines
    assert OutboxMessage.objects.filter(topic="parcel.shipped").count() == 1


def test_a_parcel_that_is_not_sent_yet_can_be_canceled(program: Program) -> None:
    place = rich(program)
    row = take(place, made(program, kind={"kind": "physical"}, stock=1))
    address_set(redemption=row, address=HOME, actor=shop.PARTNER)
    cancel(row)
    assert (Fulfilment.objects.get().state, shop.balance(place)) == ("canceled", 500)
    assert ParcelSent.code == "parcel_sent"


# --- seats ----------------------------------------------------------------------------------------------------------

SHOW = {"kind": "experience", "starts_at": "2027-06-01T20:00"}


def test_a_freed_seat_goes_to_the_first_in_line_who_can_pay(program: Program) -> None:
    reward = made(program, kind=SHOW, stock=1)
    first, poor, second, late = (rich(program, n, f"P{n}") for n in (200, 50, 201, 202))
    taken = take(first, reward)
    for each in (poor, second):
        waiting_join(enrollment=each, reward=reward, actor=shop.PARTNER)
    places = list(WaitingPlace.objects.all())
    assert [place_in_line(each) for each in places] == [1, 2]
    again = waiting_join(enrollment=second, reward=reward, actor=shop.PARTNER)
    assert again.pk == places[1].pk
    outbox_drain()
    cancel(taken)
    with pytest.raises(Exception, match="sold out"):
        take(late, reward)
    outbox_drain()
    assert list(WaitingPlace.objects.values_list("state", "note")) == [
        ("passed", "insufficient_points"), ("promoted", "")]  # fmt: skip
    assert shop.balance(second) == 101
    assert Redemption.objects.get(enrollment=second).state == "redeemed"


def test_a_waiting_list_is_joined_only_where_there_is_one_and_no_seat(program: Program) -> None:
    place = rich(program)
    with pytest.raises(NoWaitingList):
        waiting_join(enrollment=place, reward=made(program, "mug", stock=0), actor=shop.PARTNER)
    reward = made(program, kind=SHOW, stock=1)
    with pytest.raises(SeatsLeft):
        waiting_join(enrollment=place, reward=reward, actor=shop.PARTNER)
    take(place, reward)
    other = rich(program, 100, "Bo")
    waiting_join(enrollment=other, reward=reward, actor=shop.PARTNER)
    assert waiting_leave(enrollment=other, reward=reward, actor=shop.PARTNER)
    assert not waiting_leave(enrollment=other, reward=reward, actor=shop.PARTNER)


def test_more_seats_go_to_those_who_wait(program: Program) -> None:
    reward = made(program, kind=SHOW, stock=1)
    take(rich(program, 100, "A"), reward)
    waiting = [rich(program, 100, f"W{n}") for n in range(3)]
    for each in waiting:
        waiting_join(enrollment=each, reward=reward, actor=shop.PARTNER)
    plain = {**piece_plain(piece_of(reward)), "stock": 3}
    reward_save(program=program, plain=plain, before=reward.code, actor=shop.STAFF)
    outbox_drain()
    assert list(WaitingPlace.objects.values_list("state", flat=True)) == ["promoted", "promoted", "waiting"]
