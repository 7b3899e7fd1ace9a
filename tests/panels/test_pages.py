"""Product panels on the members' pages: in both languages, with what is wrong said beside the question."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from panels.applying import application_make
from panels.lending import product_ship
from panels.models import AnswerPhoto, Application, Participation
from tenants.models import Brand
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of
from tests.panels import cast

pytestmark = pytest.mark.django_db
PAGE = "/panels/jacket/"
ADDRESS = {"name": "Anna", "street": "Kade 1", "postcode": "1011 AB", "city": "Amsterdam", "country": "NL"}
SENT = {"q_warm": "4", "q_where": ["hill", "sea"], "q_words": "Light and warm."}


def anna(brand: Brand, client_for: ClientFor, **more: object) -> tuple[people.Person, Client]:
    person = people.person(cast.program(**more))
    return person, client_for(brand, user=person.user)


def test_a_member_applies_says_yes_answers_and_keeps_it(brand: Brand, client_for: ClientFor) -> None:
    person, page = anna(brand, client_for)
    assert "Winter jacket" in text_of(page.get("/panels/"))
    wrong = page.post(f"{PAGE}apply/", {"q_why": "I walk"})
    assert wrong.status_code == 422
    assert "This needs an answer." in text_of(wrong)
    assert "I walk" in wrong.content.decode()
    assert page.post(f"{PAGE}apply/", {"q_size": "m", "q_why": "I walk"}).status_code == 302
    shown = text_of(page.get(PAGE))
    assert "You have applied" in shown
    assert "I walk" in shown
    cast.chosen(Application.objects.get())
    assert "You’re chosen!" in text_of(page.get(PAGE))
    assert "Your turn" in text_of(page.get("/panels/"))
    bad = page.post(f"{PAGE}accept/", {**ADDRESS, "country": "Holland"})
    assert bad.status_code == 422
    assert page.post(f"{PAGE}accept/", ADDRESS).status_code == 302
    assert "Kade 1" in text_of(page.get(PAGE))
    product_ship(participation=Participation.objects.get(), actor=shop.STAFF, carrier="Post", tracking="3S77")
    assert "3S77" in text_of(page.get(PAGE))
    assert page.post(f"{PAGE}received/").status_code == 302
    assert page.post(f"{PAGE}answers/", {"q_warm": "4", "later": "1"}).status_code == 302
    assert re.search(r'name="q_warm" value="4"[^>]*checked', page.get(f"{PAGE}answers/").content.decode())
    half = page.post(f"{PAGE}answers/", {"q_warm": "4", "send": "1"})
    assert half.status_code == 422
    assert "nothing was lost" in text_of(half)
    assert page.post(f"{PAGE}answers/", {**SENT, "send": "1"}).status_code == 302
    done = text_of(page.get(PAGE))
    assert "All done" in done
    assert "Light and warm." in done
    assert shop.balance(person.enrollment) == 150


def test_the_pages_speak_dutch(brand: Brand, client_for: ClientFor) -> None:
    _person, page = anna(brand, client_for)
    dutch = {"accept-language": "nl"}
    page.cookies["django_language"] = "nl"
    shown = text_of(page.get(PAGE, headers=dutch))
    assert "Winterjas" in shown
    assert "Aanmelden" in shown
    assert "Je maat?" in text_of(page.get(f"{PAGE}apply/", headers=dutch))
    assert "Hier is een antwoord nodig." in text_of(page.post(f"{PAGE}apply/", {}, headers=dutch))


def test_whoever_may_not_apply_reads_why(brand: Brand, client_for: ClientFor) -> None:
    _person, page = anna(brand, client_for, tiers=["vip"], min_age=18)
    shown = text_of(page.get("/panels/"))
    assert "Not open to you now" in shown
    assert "another tier" in shown
    assert "18 and older" in text_of(page.get(PAGE))
    assert page.get(f"{PAGE}apply/").status_code == 302
    refused = page.post(f"{PAGE}apply/", {"q_size": "m"})
    assert refused.status_code == 422
    assert not Application.objects.exists()


def test_withdrawing_and_saying_no_ask_first(brand: Brand, client_for: ClientFor) -> None:
    _person, page = anna(brand, client_for)
    page.post(f"{PAGE}apply/", {"q_size": "m"})
    assert "Withdraw your application?" in text_of(page.get(f"{PAGE}sure/withdraw/"))
    page.post(f"{PAGE}sure/withdraw/")
    assert Application.objects.get().state == "withdrawn"
    page.post(f"{PAGE}apply/", {"q_size": "m"})
    cast.chosen(Application.objects.get())
    assert "Not take part?" in text_of(page.get(f"{PAGE}sure/decline/"))
    page.post(f"{PAGE}sure/decline/")
    assert "You said no" in text_of(page.get(PAGE))
    assert page.get(f"{PAGE}sure/nothing/").status_code == 404


def test_a_picture_answers_a_question_and_is_nobody_elses(brand: Brand, client_for: ClientFor) -> None:
    asked = [{"kind": "photo", "code": "look", "name": "Show it"}]
    person, page = anna(brand, client_for, questions=asked, asks=[])
    row = application_make(panel=cast.panel(), enrollment=person.enrollment, answers={}, actor=shop.PARTNER)
    cast.testing(row)
    drawn = BytesIO()
    Image.new("RGB", (40, 30), (200, 90, 40)).save(drawn, "PNG")
    none = page.post(f"{PAGE}answers/", {"send": "1"})
    assert "This needs an answer." in text_of(none)
    bad = page.post(f"{PAGE}answers/", {"q_look": SimpleUploadedFile("x.png", b"not a picture"), "send": "1"})
    assert bad.status_code == 422
    picture = SimpleUploadedFile("x.png", drawn.getvalue(), "image/png")
    assert page.post(f"{PAGE}answers/", {"q_look": picture, "send": "1"}).status_code == 302
    photo = AnswerPhoto.objects.get()
    assert page.get(f"/panels/photos/{photo.pk}/")["Content-Type"] == "image/jpeg"
    other = people.person(person.enrollment.program, "Bo")
    assert client_for(brand, user=other.user).get(f"/panels/photos/{photo.pk}/").status_code == 404
    assert client_for(brand, user=other.user).get(f"{PAGE}answers/").status_code == 404


def test_keeping_it_for_points_says_when_they_are_too_few(brand: Brand, client_for: ClientFor) -> None:
    reward = {"code": "own_jacket", "name": "The jacket", "prices": [{"currency": "points", "points": 200}]}
    buy = {"kind": "buy", "reward": "own_jacket", "days": 10, "how": "Use the label in the box."}
    person = people.person(shop.program(cast.document(cast.piece(after=buy), rewards={"items": [reward]})))
    page = client_for(brand, user=person.user)
    cast.answered(cast.applies(person.enrollment))
    shown = text_of(page.get(PAGE))
    assert "Now send the product back" in shown
    assert "Use the label in the box." in shown
    assert "The jacket" in text_of(page.get(f"{PAGE}sure/keep/"))
    refused = page.post(f"{PAGE}sure/keep/", follow=True)
    assert "points" in text_of(refused)
    assert Participation.objects.get().outcome == ""
    shop.send(shop.order(person.member, 100))
    page.post(f"{PAGE}sure/keep/")
    assert Participation.objects.get().outcome == "kept"
