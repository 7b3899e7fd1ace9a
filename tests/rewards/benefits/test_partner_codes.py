"""A partner's codes as a benefit: out of their pool, as often as the allowance says, seen by their owner alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from core.actor import Actor
from core.tables import OutboxMessage
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from loyalty.ledger import ledger_invariants
from loyalty.models import Enrollment, Program
from loyalty.publishing import draft_difference
from members.facts import member_fact_drop, member_fact_set
from members.models import User
from members.staff import staff_role_set
from rewards.benefits.codes import codes_taken, partner_code_take
from rewards.benefits.errors import AllowanceUsed, BenefitIsCode, BenefitNotHeld, NoCodesLeft
from rewards.benefits.models import Benefit, BenefitUse
from rewards.benefits.uses import benefit_unused_since, benefit_use, benefit_use_take_back
from rewards.models import CodePool, PoolCode
from rewards.pools import pool_import
from tests.loyalty import shop
from tests.loyalty.cast import person
from tests.rewards.benefits.cast import club, document, drained, somebody
from tests.rewards.benefits.test_pages import fields

pytestmark = pytest.mark.django_db

CINEMA: dict[str, Any] = {
    "code": "cinema",
    "name": {"en": "A film a month", "nl": "Een film per maand"},
    "gives": {
        "kind": "partner_code", "partner": "Rialto", "pool": "Rialto tickets", "link": "https://rialto.example/code",
    },
    "given_to": [{"kind": "plan", "any_of": ["gold"]}],
    "allowance": {"uses": 1, "period": "month"},
}  # fmt: skip
MEMBER = Actor("member", "user:1", "Anna")
KEY = "a-key-of-the-form-0001"


def golden(place: Enrollment) -> Enrollment:
    member_fact_set(member_id=place.member_id, key="plan", value="gold")
    drained()
    return place


def cinema(*codes: str, **other: Any) -> Program:
    program = club({**CINEMA, **other})
    drained()
    pool_import(pool=CodePool.objects.get(name="Rialto tickets"), codes=codes, actor=shop.STAFF)
    return program


def take(place: Enrollment, key: str = KEY) -> BenefitUse:
    return partner_code_take(enrollment=place, code="cinema", key=key, actor=MEMBER)


def test_a_member_takes_a_code_once_a_month_and_the_same_wish_twice_takes_one(brand: Any) -> None:
    place = golden(somebody(cinema("RIALTO-1", "RIALTO-2", "RIALTO-3")))
    first = take(place)
    assert take(place).pk == first.pk
    [code] = codes_taken(place)
    assert (code.code, code.partner, code.name) == ("RIALTO-1", "Rialto", "A film a month")
    with pytest.raises(AllowanceUsed):
        take(place, key="another-key-of-a-form")
    brand.clock_shift += timedelta(days=32)
    take(place, key="another-key-of-a-form")
    assert [each.code for each in codes_taken(place)] == ["RIALTO-2", "RIALTO-1"]
    assert CodePool.objects.get().left == 1


def test_the_proof_of_the_ledger_knows_whose_a_partners_code_is(brand: Any) -> None:
    take(golden(somebody(cinema("RIALTO-1", "RIALTO-2"))))
    assert ledger_invariants() == []
    BenefitUse.objects.update(pool_code=None)
    assert [each["promise"] for each in ledger_invariants()] == ["a handed-out code has its redemption"]


def test_without_codes_nothing_of_the_allowance_is_used_and_the_last_one_tells_the_team(brand: Any) -> None:
    program = cinema("RIALTO-1")
    first, second = golden(somebody(program)), golden(somebody(program, name="Ben"))
    take(first)
    assert OutboxMessage.objects.get(topic="pool.low").payload["left"] == 0
    with pytest.raises(NoCodesLeft):
        take(second)
    assert BenefitUse.objects.count() == 1
    pool_import(pool=CodePool.objects.get(), codes=["RIALTO-2"], actor=shop.STAFF)
    take(second)
    assert [each.code for each in codes_taken(second)] == ["RIALTO-2"]


def test_who_does_not_hold_it_takes_nothing_and_who_no_longer_does_keeps_what_they_took(brand: Any) -> None:
    program = cinema("RIALTO-1", "RIALTO-2")
    place, other = golden(somebody(program)), somebody(program, name="Ben")
    with pytest.raises(BenefitNotHeld):
        take(other)
    use = take(place)
    assert not benefit_unused_since(member=place.member, plan="gold", since=use.used_at)
    member_fact_drop(member_id=place.member_id, key="plan")
    drained()
    with pytest.raises(BenefitNotHeld):
        take(place, key="another-key-of-a-form")
    assert [each.code for each in codes_taken(place)] == ["RIALTO-1"]
    assert codes_taken(other) == []


def test_a_partner_system_cannot_use_it_up_and_a_code_that_was_seen_is_nobody_elses(brand: Any) -> None:
    place = golden(somebody(cinema("RIALTO-1", "RIALTO-2")))
    with pytest.raises(BenefitIsCode):
        benefit_use(enrollment=place, code="cinema", external_id="U-1", actor=shop.PARTNER)
    benefit_use_take_back(use=take(place), actor=shop.STAFF, reason="The film was canceled")
    assert codes_taken(place) == []
    take(place, key="another-key-of-a-form")
    assert [each.code for each in codes_taken(place)] == ["RIALTO-2"]
    assert PoolCode.objects.get(ordinal=1).state == PoolCode.State.TAKEN


def test_the_page_shows_the_code_to_its_owner_alone(brand: Any, client_for: Any) -> None:
    program = cinema("RIALTO-1", "RIALTO-2")
    anna, ben = person(program, language="nl"), person(program, name="Ben")
    golden(anna.enrollment)
    golden(ben.enrollment)
    client = client_for(brand, user=anna.user)
    page = client.get("/benefits/", HTTP_ACCEPT_LANGUAGE="nl").content.decode()
    assert "Haal je code op" in page
    form = fields(page.split('action="/benefits/cinema/code/"')[1].split("</form>")[0])
    for _click in range(2):
        answer = client.post("/benefits/cinema/code/", form, HTTP_ACCEPT_LANGUAGE="nl")
        assert (answer.status_code, answer["Location"]) == (302, "/benefits/#codes")
    page = client.get("/benefits/", HTTP_ACCEPT_LANGUAGE="nl").content.decode()
    assert "RIALTO-1" in page
    assert "RIALTO-2" not in page
    assert "https://rialto.example/code" in page
    assert "Haal je code op" not in page
    assert "RIALTO-1" not in client_for(brand, user=ben.user).get("/benefits/").content.decode()
    assert client.post("/benefits/cinema/code/", {"key": "short"}).status_code == 302
    assert client.post("/benefits/nothing/code/", form).status_code == 404
    assert CodePool.objects.get().left == 1


def test_where_no_codes_are_left_the_page_says_so(brand: Any, client_for: Any) -> None:
    anna = person(cinema())
    golden(anna.enrollment)
    client = client_for(brand, user=anna.user)
    page = client.get("/benefits/").content.decode()
    assert "No codes left just now." in page
    assert "Get your code" not in page
    answer = client.post("/benefits/cinema/code/", {"key": KEY}, follow=True)
    assert "There are no codes left just now." in answer.content.decode()


def test_it_is_built_in_the_admin_and_comes_back_as_it_was(brand: Any, client_for: Any) -> None:
    owner = User.objects.create_user("owner@example.com", "a long enough password")
    staff_role_set(user=owner, role="owner", actor=shop.STAFF)
    program = cinema("RIALTO-1")
    client = client_for(brand, user=owner)
    address = reverse("admin:loyalty_program_section", args=[program.pk, "benefits"])
    page = client.get(address).content.decode()
    assert "Pool with the partner’s codes" in page
    form = fields(page)
    assert (form["p.benefits.0.gives.pool"], form["p.benefits.0.gives.partner"]) == ("Rialto tickets", "Rialto")
    assert client.post(address, form).status_code == 302
    program.refresh_from_db()
    assert draft_difference(program) == []
    place = golden(somebody(program))
    use = take(place)
    row = Benefit.objects.get()
    assert row.pool == CodePool.objects.get()
    shown = client.get(reverse("admin:rewards_benefit_change", args=[row.pk])).content.decode()
    assert "Rialto tickets" in shown
    shown = client.get(reverse("admin:rewards_benefituse_change", args=[use.pk])).content.decode()
    assert "Rialto tickets #1" in shown
    assert "RIALTO-1" not in shown


def test_how_often_must_be_said_and_the_pool_is_named(brand: Any) -> None:
    endless = {name: value for name, value in CINEMA.items() if name != "allowance"}
    with pytest.raises(DefinitionError) as refused:
        document_decode(document({**endless, "given_to": []}))
    [problem] = refused.value.problems
    assert problem.path == "sections.benefits.benefits[0].allowance"
