"""What friends are written: whoever came, and whoever brought them; each once, neither with the other's name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.nightly import nightly_run
from referrals.codes import display_name_set
from referrals.deciding import referral_approve, referral_block
from referrals.errors import ReferralDecided
from referrals.models import Referral
from tenants.models import Brand
from tests.loyalty import shop
from tests.referrals import cast

pytestmark = pytest.mark.django_db


def drained() -> None:
    while outbox_drain():
        pass


def written_to(name: str) -> list[str]:
    """Subjects of what came by friends; the welcome of the program and of tiers left out."""
    drained()
    address = f"{name.lower()}@{name.lower()}.example"
    subjects = [str(each.subject) for each in mail.outbox if each.to == [address]]
    return [each for each in subjects if "friend" in each.lower() or "vriend" in each.lower()]


def letter(subject: str) -> str:
    return next(str(each.body) for each in mail.outbox if str(each.subject) == subject)


def anna_brings(brand: Brand, language: str = "en", **more: Any) -> Referral:
    made = cast.program(**more)
    anna = shop.place(shop.member("Anna", email="anna@anna.example", language=language), made)
    return cast.comes(anna, "Bo")


def nights(brand: Brand, row: Referral, days: int) -> None:
    brand.clock_shift += timedelta(days=days)
    nightly_run(program=row.program)


def test_a_friends_way_is_told_step_by_step(brand: Brand) -> None:
    row = anna_brings(brand)
    assert written_to("Bo") == ["A friend brought you to Gem"]
    assert "50 points" in letter("A friend brought you to Gem")
    assert written_to("Anna") == ["A friend joined by your link"]
    assert "100 points" in letter("A friend joined by your link")
    cast.buys(row, 50)
    assert written_to("Anna")[1:] == ["Your friend took the first step"]
    nights(brand, row, 15)
    assert written_to("Anna")[2:] == ["Your friend counts"]
    assert written_to("Bo")[1:] == ["Your gift for coming by a friend"]
    OutboxMessage.objects.filter(topic="mail.requested").update(delivered_at=None)
    assert len(written_to("Anna")) == 3
    whole = " ".join(str(each.body) for each in mail.outbox if each.to == ["anna@anna.example"])
    assert "Bo" not in whole.split()
    assert "Anna" not in letter("A friend brought you to Gem")


def test_the_name_that_one_chose_to_show_stands_in_the_friends_letter(brand: Brand) -> None:
    made = cast.program()
    anna = shop.place(shop.member("Anna", email="anna@anna.example"), made)
    display_name_set(enrollment=anna, name="Annie")
    cast.comes(anna, "Bo")
    drained()
    assert "You came by the link of Annie." in letter("A friend brought you to Gem")


def test_a_milestone_is_told_with_what_it_gives(brand: Brand) -> None:
    row = anna_brings(brand, hold_days=0)
    cast.buys(row, 50)
    cast.buys(cast.comes(row.referrer, "Cas"), 50)
    assert "You brought 2 friends" in written_to("Anna")
    assert "500 points" in letter("You brought 2 friends")


def test_whoever_is_flagged_hears_nothing_until_staff_decide(brand: Brand) -> None:
    made = cast.program(hold_days=0)
    anna = shop.place(shop.member("Anna", email="annabel@anna.example"), made)
    row = cast.comes(anna, "Bo", email="annabell@anna.example")
    cast.buys(row, 50)
    drained()
    subjects = [str(each.subject) for each in mail.outbox]
    assert "Your friend counts" not in subjects
    referral_approve(referral_id=row.pk, reason="Sisters", actor=shop.STAFF)
    drained()
    assert "Your friend counts" in [str(each.subject) for each in mail.outbox]


def test_each_reads_it_in_their_language(brand: Brand) -> None:
    anna_brings(brand, language="nl")
    assert written_to("Anna") == ["Een vriend doet mee via je link"]
    assert written_to("Bo") == ["A friend brought you to Gem"]


def test_whoever_loses_what_they_got_reads_what_and_why_once(brand: Brand) -> None:
    row = anna_brings(brand, hold_days=0, milestones=[{"at": 1, "effects": [cast.fixed(500)]}])
    row = cast.buys(row, 50, "W-1")
    cast.returns(row, "W-1", 50)
    assert written_to("Anna")[-2:] == ["A friend doesn’t count any more", "Fewer than 1 of your friends count now"]
    told = letter("A friend doesn’t count any more")
    assert "returned the order" in told
    assert "100 points" in told
    assert "500 points" in letter("Fewer than 1 of your friends count now")
    assert written_to("Bo")[-1] == "Your gift for coming by a friend was taken back"
    assert "50 points" in letter("Your gift for coming by a friend was taken back")
    before = len(mail.outbox)
    with pytest.raises(ReferralDecided):
        referral_block(referral_id=row.pk, reason="Again", actor=shop.STAFF)
    drained()
    assert len(mail.outbox) == before
    assert "Bo" not in told.split()


def test_what_goes_back_is_what_was_given_whatever_the_program_says_by_now(brand: Brand) -> None:
    made = cast.program(hold_days=0)
    anna = shop.place(shop.member("Anna", email="anna@anna.example", language="nl"), made)
    row = cast.buys(cast.comes(anna, "Bo"), 50)
    section = {**cast.SECTION, "referrer": {"effects": [cast.fixed(7)]}}
    shop.publish(made, {**shop.DOCUMENT, "sections": {"referrals": section}})
    brand.clock_shift += timedelta(minutes=1)
    referral_block(referral_id=row.pk, reason="Works here", actor=shop.STAFF)
    drained()
    told = letter("Een vriend telt niet meer mee")
    assert "100 punten" in told
    assert "bestelling" not in told, "why the team decided so isn't told"


def test_whoever_got_nothing_yet_hears_nothing_of_its_end(brand: Brand) -> None:
    row = anna_brings(brand)
    cast.buys(row, 50, "W-1")
    written_to("Anna")
    before = len(mail.outbox)
    cast.returns(row, "W-1", 50)
    drained()
    assert len(mail.outbox) == before
