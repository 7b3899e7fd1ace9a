"""Benefits on the members' pages, in the calendar file, and in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from core import clock
from loyalty.definition.read import document_decode, document_plain
from loyalty.drafts import draft_plain
from loyalty.models import Program
from loyalty.publishing import draft_difference
from members.models import User
from members.staff import staff_role_set
from rewards.benefits.dates import calendar_file, member_dates
from rewards.benefits.models import Benefit, BenefitGrant, BenefitUse, TokenKey
from rewards.benefits.tokens import key_signing
from rewards.benefits.uses import benefit_use
from tests.backoffice.browsing import fields_of_page
from tests.loyalty import shop
from tests.loyalty.cast import person
from tests.rewards.benefits.cast import BENEFITS, club, document, drained, somebody

pytestmark = pytest.mark.django_db


def evening(days: float = 10) -> dict[str, Any]:
    starts = clock.now() + timedelta(days=days)
    return {
        "code": "evenings",
        "name": {"en": "Evenings", "nl": "Avonden"},
        "gives": {"kind": "invitation"},
        "moments": [
            {
                "name": {"en": "Tasting; with, guests", "nl": "Proeverij"},
                "starts_at": starts.strftime("%Y-%m-%dT19:00"),
                "ends_at": starts.strftime("%Y-%m-%dT22:00"),
                "place": {"en": "The shop", "nl": "De winkel"},
                "description": "é" * 100,
            }
        ],
    }


@pytest.fixture
def owner(brand) -> User:
    made = User.objects.create_user("owner@example.com", "a long enough password")
    staff_role_set(user=made, role="owner", actor=shop.STAFF)
    return made


def test_a_member_sees_what_they_hold_and_what_happens_when_in_their_language(brand, client_for):
    program = club(*BENEFITS, evening())
    anna = person(program, language="nl")
    drained()
    page = client_for(brand, user=anna.user).get("/benefits/", HTTP_ACCEPT_LANGUAGE="nl")
    told = page.content.decode()
    assert page.status_code == 200
    assert "Ledenprijs" in told
    assert "10% korting" in told
    assert "Proeverij" in told
    assert "19:00" in told
    assert ">22:00<" in told, "the same day isn't said twice"
    assert "De lounge" not in told


def test_the_calendar_file_is_as_calendars_want_it(brand, client_for):
    program = club(evening())
    anna = person(program)
    drained()
    answer = client_for(brand, user=anna.user).get("/benefits/calendar.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    lines = text.split("\r\n")
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
    assert max(len(line.encode()) for line in lines) <= 75
    whole = text.replace("\r\n ", "")
    assert "SUMMARY:Tasting\\; with\\, guests\r\n" in whole
    assert f"DESCRIPTION:{'é' * 100}\r\n" in whole
    [date] = member_dates(anna.enrollment)
    assert f"DTSTART:{date.starts_at.astimezone(clock.now().tzinfo):%Y%m%dT%H%M%SZ}\r\n" in whole
    again = calendar_file(member_dates(anna.enrollment), name="Club", host="x", language="en")
    assert [line for line in again.split("\r\n") if line.startswith("UID")] == [f"UID:{date.uid}@x"]


def test_a_program_without_benefits_has_no_page_in_its_menu(brand, client_for):
    anna = person(shop.program())
    page = client_for(brand, user=anna.user).get("/")
    assert 'href="/benefits/"' not in page.content.decode()
    assert client_for(brand, user=anna.user).get("/benefits/").status_code == 200


def test_the_section_comes_through_the_document_without_loss(brand):
    made = document_decode(document(*BENEFITS, evening(), discounts="combined"))
    assert document_decode(document_plain(made)) == made
    program = shop.program(document(*BENEFITS, evening(), discounts="combined"))
    assert draft_plain(program)["sections"] == document_plain(made)["sections"]


def test_the_section_is_edited_in_a_form_and_the_difference_is_told_by_the_piece(brand, client_for, owner):
    program = club()
    client = client_for(brand, user=owner)
    address = reverse("admin:loyalty_program_section", args=[program.pk, "benefits"])
    page = client.get(address)
    assert page.status_code == 200
    form = fields(page.content.decode())
    assert form["p.benefits.0.code"] == "coffee"
    same = client.post(address, form)
    assert same.status_code == 302, same.content.decode()[:3000]
    program.refresh_from_db()
    assert draft_difference(program) == []
    form = fields(client.get(address).content.decode())
    form["p.benefits.0.allowance.uses"] = "5"
    assert client.post(address, form).status_code == 302
    [change] = draft_difference(Program.objects.get(pk=program.pk))
    assert change.path == "sections.benefits.benefits.coffee.allowance"
    form = fields(client.get(address).content.decode())
    form["p.benefits.2.gives.percent"] = "400"
    refused = client.post(address, form)
    assert refused.status_code == 422
    assert "above 0 and up to 100" in refused.content.decode()
    card = client.get(reverse("admin:loyalty_program_change", args=[program.pk])).content.decode()
    assert address in card


def test_staff_see_who_holds_what_and_take_a_use_back(brand, client_for, owner):
    program = club(*BENEFITS, evening())
    place = somebody(program, 600)
    use = benefit_use(enrollment=place, code="coffee", external_id="U-1", actor=shop.PARTNER)
    client = client_for(brand, user=owner)
    row = Benefit.objects.get(code="coffee")
    listed = client.get(reverse("admin:rewards_benefit_changelist")).content.decode()
    assert "A coffee a month" in listed
    assert client.get(reverse("admin:rewards_benefit_change", args=[row.pk])).status_code == 200
    assert "Tasting" in client.get(reverse("admin:rewards_benefit_calendar")).content.decode()
    assert "A coffee a month" in client.get(reverse("admin:rewards_benefitgrant_changelist")).content.decode()
    back = client.post(reverse("admin:rewards_benefituse_take_back", args=[use.pk]), {"reason": "Mistake"})
    assert back.status_code == 302
    assert BenefitUse.objects.get().taken_back_reason == "Mistake"


def test_staff_give_a_benefit_by_hand_and_end_it(brand, client_for, owner):
    program = club()
    place = somebody(program)
    client = client_for(brand, user=owner)
    address = reverse("admin:rewards_benefitgrant_give", args=[place.member_id])
    assert client.get(address).status_code == 200
    said = {"benefit": f"{place.pk}:lounge", "reason": "Wedding", "until": ""}
    assert client.post(address, said).status_code == 302
    grant = BenefitGrant.objects.get(source="staff")
    assert (grant.benefit.code, grant.causes) == ("lounge", ["staff"])
    twice = client.post(address, said).content.decode()
    assert "holds this benefit by hand already" in twice
    panel = client.get(reverse("admin:members_member_change", args=[place.member_id]), {"tab": "benefits"})
    assert panel.status_code == 200
    ended = client.post(reverse("admin:rewards_benefitgrant_end", args=[grant.pk]), {"reason": "Over"})
    assert ended.status_code == 302
    grant.refresh_from_db()
    assert grant.ended_at is not None


def test_the_owner_changes_the_key_of_the_tokens(brand, client_for, owner):
    first = key_signing()
    client = client_for(brand, user=owner)
    assert client.get(reverse("admin:rewards_tokenkey_rotate")).status_code == 200
    assert client.post(reverse("admin:rewards_tokenkey_rotate")).status_code == 302
    assert TokenKey.objects.count() == 2
    page = client.get(reverse("admin:rewards_tokenkey_change", args=[first.pk])).content.decode()
    assert first.sealed not in page
    assert client.post(reverse("admin:rewards_tokenkey_withdraw", args=[first.pk])).status_code == 302
    assert TokenKey.objects.get(pk=first.pk).gone_at is not None


def fields(html: str) -> dict[str, Any]:
    """What a browser would send of the form on the page."""
    found: dict[str, Any] = {}
    for name, value in fields_of_page(html):
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found
