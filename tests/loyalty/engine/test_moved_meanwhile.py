"""A member who moves between judging and booking: nothing is booked on what no longer holds, and no try is wasted."""

from __future__ import annotations

import pytest
from django.db.models import F

from loyalty import ingest
from loyalty.models import Enrollment, PointsAccount
from tests.loyalty import shop

pytestmark = pytest.mark.usefixtures("brand")


@pytest.mark.parametrize(
    ("members", "tries"),
    [
        (50, ["book.after", "book.in_transaction"]),
        (0, ["book.after", "book.after", "book.in_transaction"]),
    ],
)
def test_few_members_are_locked_as_soon_as_one_has_moved(members, tries, monkeypatch) -> None:
    program = shop.program()
    anna = shop.member("Anna")
    place = shop.place(anna, program)
    done: list[str] = []

    def passed(name: str) -> None:
        if name == "book.before" and len(done) < len(tries) - 1:
            # Somebody else books for her just now.
            Enrollment.objects.filter(pk=place.pk).update(version=F("version") + 1)
        if name in ("book.after", "book.in_transaction"):
            done.append(name)

    monkeypatch.setattr(ingest, "failpoint", passed)
    monkeypatch.setattr(ingest, "FEW_MEMBERS", members)
    [answer] = shop.send(shop.order(anna, 10))
    assert (answer.status, done) == (201, tries)
    assert PointsAccount.objects.get(enrollment=place).balance == 10
