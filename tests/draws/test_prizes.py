"""What becomes of a draw: prizes given by themselves, accepted or lost to who stands by, and a sweepstake canceled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from core.outbox import outbox_drain
from core.tables import AuditEntry, OutboxMessage
from draws.closing import sweepstake_cancel, sweepstake_draw, winner_pass
from draws.entering import entry_free
from draws.errors import NotCancelable, NothingToAccept, SweepstakeClosed
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.prizes import prize_accept
from draws.selectors import drawn_of
from draws.tasks import sweepstakes_sweep
from engagement import drawn
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import ProgramInvalid
from loyalty.models import Enrollment, Event, Program
from loyalty.publishing import program_publish
from rewards.models import Redemption, Reward
from rewards.services import reward_redeem
from tenants.models import Brand
from tests.draws import cast
from tests.loyalty import shop
from tests.referrals.cast import fixed

pytestmark = pytest.mark.django_db
GIVING = [
    {"code": "bike", "name": {"en": "A bike", "nl": "Een fiets"}},
    {"code": "points", "name": "500 points", "effects": [fixed(500)]},
]


def over(brand: Brand, days: float = 11) -> None:
    brand.clock_shift += timedelta(days=days)


def round_made() -> int:
    """A beat's round, and what follows of it."""
    done: int = sweepstakes_sweep()
    while outbox_drain():
        pass
    return done


def winner(place: int) -> SweepstakeWinner:
    return SweepstakeWinner.objects.select_related("entry__enrollment__member").get(place=place)


def balances(places: list[Enrollment]) -> list[int]:
    return sorted(shop.balance(each) for each in places)


def test_it_is_closed_and_drawn_by_itself_once_and_caught_up(brand: Brand) -> None:
    cast.crowd(cast.program(), 6)
    assert round_made() == 0
    over(brand, 40)  # whoever was down for a month draws then
    assert round_made() == 2
    row = cast.sweepstake()
    assert (row.state, row.drawn_by) == ("drawn", "system:sweepstakes")
    drawn = [each.pk for each in drawn_of(row)]
    assert round_made() == 0
    assert [each.pk for each in drawn_of(row)] == drawn


def test_where_staff_draw_it_waits_for_them(brand: Brand) -> None:
    cast.crowd(cast.program(draw="by_staff"), 3)
    over(brand)
    assert round_made() == 1
    assert cast.sweepstake().state == "closed"
    assert round_made() == 0


def test_a_prize_that_gives_is_given_once_and_written_in_the_ledger(brand: Brand) -> None:
    places = cast.crowd(cast.program(prizes=GIVING), 5)
    over(brand)
    round_made()
    # One of five gets the 500; the bike is handed over by staff and gives nothing by itself.
    assert balances(places) == [0, 0, 0, 0, 500]
    lucky = winner(2)
    assert shop.balance(lucky.entry.enrollment) == 500
    assert lucky.event is not None
    event = Event.objects.get(pk=lucky.event)
    assert (event.type, event.payload["sweepstake"]) == (
        "sweepstake.won",
        {"code": "summer", "prize": "points", "place": 2},
    )
    OutboxMessage.objects.filter(topic="sweepstake.won").update(delivered_at=None)
    round_made()
    assert balances(places) == [0, 0, 0, 0, 500]


def test_who_is_passed_over_loses_what_was_given_and_the_next_gets_it(brand: Brand) -> None:
    places = cast.crowd(cast.program(prizes=GIVING), 5)
    over(brand)
    round_made()
    winner_pass(sweepstake_id=cast.sweepstake().pk, place=2, reason="Works here", actor=shop.STAFF)
    round_made()
    assert balances(places) == [0, 0, 0, 0, 500]
    assert shop.balance(winner(2).entry.enrollment) == 0
    assert shop.balance(winner(3).entry.enrollment) == 500
    assert winner(3).prize == "points"


def test_who_accepts_in_time_gets_it_and_who_does_not_loses_it(brand: Brand) -> None:
    places = cast.crowd(cast.program(prizes=GIVING, answer_days=7), 5)
    over(brand)
    round_made()
    assert balances(places) == [0] * 5, "nothing before it is accepted"
    row, first, second = cast.sweepstake(), winner(1), winner(2)
    with pytest.raises(NothingToAccept):
        prize_accept(sweepstake=row, enrollment=winner(3).entry.enrollment, actor=shop.PARTNER)
    prize_accept(sweepstake=row, enrollment=first.entry.enrollment, actor=shop.PARTNER)
    with pytest.raises(NothingToAccept):
        prize_accept(sweepstake=row, enrollment=first.entry.enrollment, actor=shop.PARTNER)
    over(brand, 8)
    with pytest.raises(NothingToAccept):
        prize_accept(sweepstake=row, enrollment=second.entry.enrollment, actor=shop.PARTNER)
    assert round_made() == 1
    assert round_made() == 0
    assert (winner(1).state, winner(2).state) == ("won", "passed")
    standing_in = winner(3)
    assert (standing_in.state, standing_in.prize) == ("won", "points")
    prize_accept(sweepstake=row, enrollment=standing_in.entry.enrollment, actor=shop.PARTNER)
    round_made()
    assert shop.balance(standing_in.entry.enrollment) == 500
    assert sum(balances(places)) == 500


def test_whoever_won_is_written_to_in_their_language(brand: Brand) -> None:
    made = cast.program(prizes=GIVING[:1], answer_days=7, alternates=0)
    anna = shop.place(shop.member("Anna", email="anna@example.com", language="nl"), made)
    cast.enters(anna)
    over(brand)
    round_made()
    letter = next(each for each in mail.outbox if "Een fiets" in str(each.subject))
    assert letter.to == ["anna@example.com"]
    assert "Zomertrekking" in str(letter.body)
    assert "/sweepstakes/club/summer/" in str(letter.body)


def test_a_canceled_sweepstake_gives_points_spent_on_entries_back(brand: Brand) -> None:
    ticket = {
        "code": "ticket", "name": "A ticket", "prices": [{"currency": "points", "points": 10}],
        "kind": {"kind": "sweepstake_entry", "sweepstake": "summer", "entries": 2},
    }  # fmt: skip
    made = shop.program(cast.document(cast.piece(), rewards={"items": [ticket]}))
    anna, bo = (shop.place(shop.member(name), made) for name in ("Anna", "Bo"))
    shop.send(shop.order(anna.member, 50))
    reward = Reward.objects.get(code="ticket")
    for key in ("1", "2"):
        reward_redeem(enrollment=anna, reward=reward, actor=shop.PARTNER, key=key)
    row = cast.sweepstake()
    entry_free(sweepstake=row, enrollment=bo, actor=shop.PARTNER)
    assert shop.balance(anna) == 30  # 50 − 2 × 10
    for _twice in range(2):
        sweepstake_cancel(sweepstake_id=row.pk, reason="The bike was stolen", actor=shop.STAFF)
    round_made()
    assert shop.balance(anna) == 50
    assert set(Redemption.objects.values_list("state", flat=True)) == {"canceled"}
    assert AuditEntry.objects.filter(action="sweepstake.cancel").count() == 1
    with pytest.raises(SweepstakeClosed):
        entry_free(sweepstake=row, enrollment=bo, actor=shop.PARTNER)
    over(brand)
    assert round_made() == 0
    assert Sweepstake.objects.get().state == "canceled"


def test_whoever_took_part_reads_once_that_it_was_canceled_and_what_comes_back(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "AT_ONCE", 2)  # more than one step of the outbox
    ticket = {
        "code": "ticket", "name": "A ticket", "prices": [{"currency": "points", "points": 10}],
        "kind": {"kind": "sweepstake_entry", "sweepstake": "summer", "entries": 2},
    }  # fmt: skip
    made = shop.program(cast.document(cast.piece(), rewards={"items": [ticket]}))
    row = cast.sweepstake()
    anna = shop.place(shop.member("Anna", email="anna@example.com", language="nl"), made)
    shop.send(shop.order(anna.member, 50))
    reward_redeem(enrollment=anna, reward=Reward.objects.get(code="ticket"), actor=shop.PARTNER, key="1")
    for name in ("Bo", "Cas"):
        place = shop.place(shop.member(name, email=f"{name.lower()}@example.com"), made)
        entry_free(sweepstake=row, enrollment=place, actor=shop.PARTNER)
    shop.place(shop.member("Dee", email="dee@example.com"), made)
    round_made()
    mail.outbox.clear()
    for _twice in range(2):
        sweepstake_cancel(sweepstake_id=row.pk, reason="The bike was stolen", actor=shop.STAFF)
        round_made()
    letters = {str(each.to[0]): each for each in mail.outbox if "Summer" in str(each.body) or "Zomer" in str(each.body)}
    assert sorted(letters) == ["anna@example.com", "bo@example.com", "cas@example.com"]
    assert len(mail.outbox) == len(letters)
    assert str(letters["anna@example.com"].subject) == "Zomertrekking gaat niet door"
    assert "krijg je terug" in str(letters["anna@example.com"].body)
    assert "points" not in str(letters["bo@example.com"].body)
    assert "stolen" not in str(letters["bo@example.com"].body), "the reason is the team's"


def test_what_was_drawn_cannot_be_canceled(brand: Brand) -> None:
    cast.crowd(cast.program(), 3)
    over(brand)
    row = sweepstake_draw(sweepstake_id=cast.sweepstake().pk, actor=shop.STAFF)
    with pytest.raises(NotCancelable):
        sweepstake_cancel(sweepstake_id=row.pk, reason="Too late", actor=shop.STAFF)


def entering(entries: int = 3, **more: Any) -> dict[str, Any]:
    """An order enters so many times, besides its points."""
    rule = {
        "code": "chance", "name": "A chance", "trigger": "order.paid",
        "effects": [{"kind": "enter_sweepstake", "sweepstake": "summer", "entries": entries}],
    }  # fmt: skip
    document = cast.document(cast.piece(free_entries=0, **more))
    return {**document, "rules": [*document["rules"], rule]}


def bought(anna: Enrollment, number: str) -> None:
    shop.send(shop.order(anna.member, 50, number))
    round_made()


def test_a_rule_enters_and_a_whole_return_takes_the_entries_out_while_it_is_open(brand: Brand) -> None:
    anna = shop.place(shop.member(), shop.program(entering()))
    bought(anna, "A-1")
    bought(anna, "A-2")
    assert SweepstakeEntry.objects.filter(way="rule", enrollment=anna).count() == 6
    OutboxMessage.objects.filter(topic="act.enter_sweepstake").update(delivered_at=None)
    round_made()
    assert SweepstakeEntry.objects.count() == 6, "an act that comes again enters nobody twice"
    shop.send(shop.returned(anna.member, "A-1", 20))
    round_made()
    assert SweepstakeEntry.objects.count() == 6, "a part of the order came back"
    shop.send(shop.returned(anna.member, "A-1", 30))
    round_made()
    assert SweepstakeEntry.objects.count() == 3
    over(brand)
    round_made()
    shop.send(shop.returned(anna.member, "A-2", 50))
    round_made()
    assert SweepstakeEntry.objects.count() == 3, "the list is frozen"


def test_a_rule_enters_no_more_often_than_the_terms_let(brand: Brand) -> None:
    anna = shop.place(shop.member(), shop.program(entering(entries_at_most=4)))
    for number in ("A-1", "A-2", "A-3"):
        bought(anna, number)
    assert SweepstakeEntry.objects.count() == 4
    assert not OutboxMessage.objects.filter(delivered_at__isnull=True).exists()


def test_whom_the_terms_exclude_gets_no_entry_and_keeps_the_order(brand: Brand) -> None:
    anna = shop.place(shop.member(), shop.program(entering(countries=["BE"])))
    bought(anna, "A-1")
    assert not SweepstakeEntry.objects.exists()
    trace = Event.objects.get(type="order.paid").trace
    assert trace["acts"][0]["kind"] == "enter_sweepstake"
    assert not OutboxMessage.objects.filter(delivered_at__isnull=True).exists()


def test_a_rule_that_names_no_sweepstake_is_not_published(brand: Brand) -> None:
    made = cast.program()
    wrong = entering()
    wrong["rules"][-1]["effects"][0]["sweepstake"] = "winter"
    draft = draft_replace(
        program=Program.objects.get(pk=made.pk), document=document_decode(wrong),
        expected_revision=Program.objects.get(pk=made.pk).draft_revision, actor=shop.STAFF,
    )  # fmt: skip
    with pytest.raises(ProgramInvalid) as refused:
        program_publish(program=draft, actor=shop.STAFF, expected_revision=draft.draft_revision)
    last = len(wrong["rules"]) - 1
    assert f"rules[{last}].effects[0].sweepstake" in [each["path"] for each in refused.value.context["problems"]]


def test_prizes_stay_in_the_program_until_they_are_accepted(brand: Brand) -> None:
    made = cast.program(prizes=GIVING, answer_days=7)
    cast.crowd(made, 2)
    over(brand)
    round_made()

    def leave_out() -> None:
        draft = Program.objects.get(pk=made.pk)
        draft = draft_replace(
            program=draft, document=document_decode(cast.document()), expected_revision=draft.draft_revision,
            actor=shop.STAFF,
        )  # fmt: skip
        program_publish(program=draft, actor=shop.STAFF, expected_revision=draft.draft_revision)

    with pytest.raises(ProgramInvalid):
        leave_out()
    for place in (1, 2):
        prize_accept(sweepstake=cast.sweepstake(), enrollment=winner(place).entry.enrollment, actor=shop.PARTNER)
    leave_out()
