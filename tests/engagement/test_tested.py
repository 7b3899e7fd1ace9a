"""What a member is written about a product panel: in their language, at each turn, and never with their answers."""

from __future__ import annotations

import pytest
from django.core import mail

from core.outbox import outbox_drain
from core.tables import OutboxMessage
from panels.choosing import applications_reserve
from panels.lending import answers_send
from panels.sweeping import reminder_send
from tenants.models import Brand
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.panels import cast

pytestmark = pytest.mark.django_db


def subjects() -> list[str]:
    while outbox_drain():
        pass
    assert not OutboxMessage.objects.filter(attempts__gt=0).exists()
    return [str(each.subject) for each in mail.outbox]


def test_whoever_tests_is_written_to_at_each_turn_without_their_answers(brand: Brand) -> None:
    anna = people.person(cast.program(), language="nl")
    one = cast.testing(cast.applies(anna.enrollment))
    reminder_send(participation=one, actor=shop.STAFF)
    answers_send(participation=one, answers=cast.ANSWERS, actor=shop.PARTNER)
    told = subjects()
    for subject in (
        "Je bent gekozen: Winterjas", "Naar je onderweg: Winterjas", "Een herinnering: Winterjas",
        "Bedankt voor het testen: Winterjas",
    ):  # fmt: skip
        assert told.count(subject) == 1
    letters = " ".join(str(each.body) for each in mail.outbox)
    assert "/panels/jacket/" in letters
    assert "3S1" in letters
    assert "Light and warm" not in letters
    assert "Kade" not in letters


def test_whoever_is_not_chosen_or_stands_by_hears_once(brand: Brand) -> None:
    made = cast.program(units=1)
    anna, bo = people.person(made), people.person(made, "Bo")
    cas = people.person(made, "Cas")
    cast.chosen(cast.applies(anna.enrollment))
    cast.applies(bo.enrollment)
    applications_reserve(panel=cast.panel(), ids=[cast.applies(cas.enrollment).pk], actor=shop.STAFF)
    cast.settled()
    told = subjects()
    assert told.count("Winter jacket: not chosen this time") == 1
    assert told.count("Winter jacket: you stand by") == 1
