"""The staff's queue: what waits, its proof, a decision at a click, and who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from claims.models import Claim
from claims.services import claim_refuse
from members.roles import ROLES, roles_sync
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.backoffice.sent import told
from tests.claims import cast
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty import shop

pytestmark = pytest.mark.django_db
Entered = Callable[[str], Client]


@pytest.fixture
def anna(brand: Brand) -> people.Person:
    return people.person(cast.program())


@pytest.fixture
def entered(brand: Brand, client_for: ClientFor) -> Entered:
    """A client of somebody with the role."""
    roles_sync()
    team = {role: client_for(brand, user=staff(role)) for role in ROLES}
    return team.__getitem__


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:claims_claim_{name}", urlconf="config.urls_brand", args=args)


def key_of(shown: str, form: str) -> str:
    found = re.search(rf'name="key" value="([^"]+)" id="{form}_key"', shown)
    assert found, "the form has no key"
    return found[1]


def test_the_queue_shows_what_waits_and_marks_what_was_seen_before(anna: people.Person, entered: Entered) -> None:
    bob = people.person(anna.enrollment.program, "Bob")
    first = cast.follows(anna.enrollment)
    claim_refuse(claim=first, reason="No", actor=shop.STAFF, key="k")
    cast.follows(bob.enrollment)
    shown = told(entered("support").get(page("changelist")))
    assert "Bob" in shown
    assert ">Anna<" not in shown
    assert "seen before" in shown
    everything = told(entered("support").get(page("changelist"), {"state": "all", "doubles": "yes"}))
    assert ">Anna<" in everything


def test_the_page_shows_the_proof_and_the_doubles_and_a_click_approves(anna: people.Person, entered: Entered) -> None:
    client = entered("support")
    first, second = cast.hands_in(anna.enrollment, items=2), cast.hands_in(anna.enrollment, items=2)
    shown = told(client.get(page("change", second.pk)))
    file = second.files.get()
    assert page("file", second.pk, file.pk) in shown
    assert page("change", first.pk) in shown
    assert "same file" in shown
    fields = {"key": key_of(shown, "approve"), "field_items": "1", "field_state": "good"}
    wrong = client.post(page("approve", second.pk), fields | {"field_items": "500"})
    assert wrong.status_code == 200
    assert "50" in told(wrong)
    answer = client.post(page("approve", second.pk), fields)
    assert answer["Location"] == page("change", first.pk), "the next one in the queue"
    assert client.post(page("approve", second.pk), fields).status_code == 302, "a double click"
    row = Claim.objects.get(pk=second.pk)
    assert (row.state, row.fields) == ("approved", {"items": 1, "state": "good"})
    assert shop.balance(anna.enrollment) == 20
    assert "already" in told(client.post(page("approve", second.pk), fields | {"key": "x" * 24}))


def test_a_refusal_takes_a_reason_at_a_click_or_ones_own_words(anna: people.Person, entered: Entered) -> None:
    client = entered("owner")
    claim = cast.follows(anna.enrollment)
    shown = told(client.get(page("change", claim.pk)))
    assert "We can’t find you among our followers." in shown
    key = key_of(shown, "refuse")
    assert "the member reads it" in told(
        client.post(page("refuse", claim.pk), {"key": key, "preset": "", "reason": ""})
    )
    assert client.post(page("refuse", claim.pk), {"key": key, "preset": "0", "reason": ""}).status_code == 302
    assert Claim.objects.get().reason["nl"] == "We zien je niet tussen onze volgers."
    again = cast.follows(anna.enrollment)
    client.post(page("refuse", again.pk), {"key": "y" * 24, "preset": "0", "reason": "Wrong account"})
    assert Claim.objects.get(pk=again.pk).reason == {"en": "Wrong account", "nl": "Wrong account"}
    late = client.post(page("refuse", again.pk), {"key": "z" * 24, "preset": "", "reason": "No"}, follow=True)
    assert "decided already" in told(late)


def test_a_file_opens_in_a_box_and_a_pdf_only_as_a_download(anna: people.Person, entered: Entered) -> None:
    client = entered("support")
    picture, paper = cast.hands_in(anna.enrollment), cast.receipt(anna.enrollment)
    seen = client.get(page("file", picture.pk, picture.files.get().pk))
    assert (seen.status_code, seen["Content-Type"]) == (200, "image/jpeg")
    policy = seen["Content-Security-Policy"]
    assert re.search(r"(^|;)\s*sandbox\s*(;|$)", policy)
    assert "unsafe" not in policy
    assert seen["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in seen["Cache-Control"]
    saved = client.get(page("file", paper.pk, paper.files.get().pk))
    assert saved["Content-Disposition"].startswith("attachment;")
    assert client.get(page("file", paper.pk, picture.files.get().pk)).status_code == 404


def test_a_marketer_looks_and_does_not_decide(anna: people.Person, entered: Entered) -> None:
    claim = cast.follows(anna.enrollment)
    client = entered("marketer")
    shown = told(client.get(page("change", claim.pk)))
    assert "Follow us" in shown
    assert page("approve", claim.pk) not in shown
    assert client.post(page("approve", claim.pk), {"key": "x" * 24}).status_code == 403
    assert entered("analyst").get(page("changelist")).status_code == 403
