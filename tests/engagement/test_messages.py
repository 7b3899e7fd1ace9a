"""Named messages: written into the program, checked when it is published, filled with what is true of the reader."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from core.mail import mail_open
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from engagement.acts import message_send
from loyalty.acts import ActCall
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode, document_plain
from loyalty.drafts import draft_plain, draft_replace
from loyalty.errors import ProgramInvalid
from loyalty.models import Program
from loyalty.publishing import draft_difference, program_publish
from members.models import Member, User
from members.services import consent_record
from members.staff import staff_role_set
from tenants.models import Brand
from tests.loyalty import shop
from tests.rewards.benefits.test_pages import fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(brand: Brand) -> User:
    made = User.objects.create_user("owner@example.com", "a long enough password")
    staff_role_set(user=made, role="owner", actor=shop.STAFF)
    return made


THANKS: dict[str, Any] = {
    "code": "thanks",
    "name": "Thanks for the order",
    "purpose": "service",
    "subject": {"en": "Thanks, {name}: {earned}", "nl": "Bedankt, {name}: {earned}"},
    "text": {
        "en": "You earned {earned.points} at {brand}.\n\nYou have {balance} and are {tier} of {program}.",
        "nl": "Je verdiende {earned.points} bij {brand}.\n\nJe hebt {balance} en bent {tier.main} van {program}.",
    },
}
OFFER: dict[str, Any] = {"code": "offer", "name": "Offer", "subject": "For you", "text": "Look & see, {name}"}


def document(*messages: dict[str, Any], say: str | None = "thanks") -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    if messages:
        made["sections"] = {"messages": {"items": [deepcopy(each) for each in messages]}}
    if say is not None:
        made["rules"][0]["effects"].append({"kind": "send_message", "template": say})
    return made


def wrong(made: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(DefinitionError) as refused:
        document_decode(made)
    return [(each.path, str(each.problem), str(each.mend)) for each in refused.value.problems]


def letters() -> list[Any]:
    rows = OutboxMessage.objects.filter(topic="mail.requested", payload__kind__startswith="rule_")
    return [mail_open(row.payload["sealed"]) for row in rows.order_by("id") if "sealed" in row.payload]


def acted() -> None:
    """Acts are carried out; what they write stays in the outbox."""
    for row in OutboxMessage.objects.filter(topic="act.send_message", delivered_at=None).order_by("id"):
        message_send(ActCall(**row.payload))


def test_a_named_message_goes_out_in_the_readers_language_with_what_is_true_of_them(brand: Brand) -> None:
    program = shop.program(document(THANKS))
    anna = shop.member("Anna", language="nl")
    shop.place(anna, program)
    shop.place(ben := shop.member("Ben"), program)
    shop.send(shop.order(anna, 600), shop.order(ben, 1))
    acted()
    dutch, english = letters()
    assert (dutch.to, dutch.subject) == (anna.email, "Bedankt, Anna: 600 punten")
    assert "Je verdiende 600\xa0punten bij Gem.\n\nJe hebt 600\xa0punten en bent Advocate van Club." in dutch.text
    assert (english.to, english.subject) == (ben.email, "Thanks, Ben: 1 point")
    assert "You earned 1\xa0point at Gem." in english.text
    assert "whether or not you allowed offers" in english.text


def test_an_offer_takes_consent_and_a_service_message_does_not(brand: Brand) -> None:
    made = document(THANKS, OFFER)
    made["rules"][0]["effects"].append({"kind": "send_message", "template": "offer"})
    shop.place(anna := shop.member(), shop.program(made))
    shop.send(shop.order(anna, 10))
    acted()
    assert [each.subject for each in letters()] == ["Thanks, Anna: 10 points"]
    consent_record(member=anna, purpose="marketing_email", granted=True, text_version="1", source="test")
    shop.send(shop.order(anna, 20))
    acted()
    # What wasn't allowed on the day isn't sent once it is: the first order's offer stays away.
    assert [each.subject for each in letters()[1:]] == ["Thanks, Anna: 20 points", "For you"]
    assert "Look &amp; see, Anna" in letters()[-1].html
    assert "because you allowed offers" in letters()[-1].text


def test_an_act_that_comes_again_writes_no_second_letter(brand: Brand) -> None:
    shop.place(anna := shop.member(), shop.program(document(THANKS)))
    shop.send(shop.order(anna, 10))
    [row] = OutboxMessage.objects.filter(topic="act.send_message")
    for _time in range(3):
        message_send(ActCall(**row.payload))
    assert len(letters()) == 1


def test_nothing_is_written_about_an_order_that_was_returned_or_to_who_has_no_address(brand: Brand) -> None:
    program = shop.program(document(THANKS))
    shop.place(anna := shop.member(), program)
    shop.place(silent := shop.member("", email=None, external_id="T-1"), program)
    shop.send(shop.order(anna, 10, "O-1"), shop.returned(anna, "O-1", 10), shop.order(silent, 10))
    acted()
    assert letters() == []


def test_a_late_event_is_told_of_by_the_message_of_its_own_version(brand: Brand) -> None:
    program = shop.program(document(THANKS))
    shop.place(anna := shop.member(), program)
    shop.send(shop.order(anna, 10))
    draft_replace(
        program=program, document=document_decode(document(say=None)), expected_revision=1, actor=shop.STAFF
    )  # fmt: skip
    program.refresh_from_db()
    program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    acted()
    assert [each.subject for each in letters()] == ["Thanks, Anna: 10 points"]


def test_a_name_with_braces_in_it_stays_a_name(brand: Brand) -> None:
    shop.place(odd := shop.member("{balance}", email="odd@example.com"), shop.program(document(THANKS)))
    shop.send(shop.order(odd, 10))
    acted()
    assert letters()[0].subject == "Thanks, {balance}: 10 points"


def test_a_member_without_a_name_is_addressed_as_one(brand: Brand) -> None:
    shop.place(shy := shop.member("", email="shy@example.com"), shop.program(document(THANKS)))
    shop.send(shop.order(shy, 10))
    acted()
    assert letters()[0].subject == "Thanks, member: 10 points"


def test_neither_the_log_nor_an_outbox_row_names_the_reader(brand: Brand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop.place(shop.member("Zebedee", email="zebedee@example.com"), shop.program(document(THANKS)))
    shop.send(shop.order(Member.objects.get(name="Zebedee"), 10))
    while outbox_drain():
        pass
    assert mail.outbox[-1].to == ["zebedee@example.com"]
    kept = " ".join(str(each.payload) + each.last_error for each in OutboxMessage.objects.all())
    assert "zebedee" not in (caplog.text + kept).lower()


# --- the document ----------------------------------------------------------------------------------------------------
def test_a_rule_that_names_no_message_there_is_is_refused_at_its_place(brand: Brand) -> None:
    [(path, problem, mend)] = wrong(document(OFFER))
    assert path == "rules[0].effects[1].template"
    assert problem == "There is no message 'thanks'."
    assert mend == "Use one of: offer."
    [(path, _problem, mend)] = wrong(document())
    assert (path, mend) == ("rules[0].effects[1].template", "There is none yet: make it first, or leave this out.")


def test_what_a_tier_or_a_friend_gives_is_held_to_the_same(brand: Brand) -> None:
    made = document(THANKS)
    say = {"kind": "send_message", "template": "gone"}
    made["ladders"][0]["tiers"][1]["entry_effects"] = [say]
    made["sections"]["referrals"] = {"referrer": {"effects": [say]}}
    paths = [path for path, _problem, _mend in wrong(made)]
    assert paths == [
        "ladders[0].tiers[1].entry_effects[0].template",
        "sections.referrals.referrer.effects[0].template",
    ]


def test_a_placeholder_that_is_not_known_is_refused_with_what_is(brand: Brand) -> None:
    odd = {**THANKS, "text": {"en": "Hi {nmae}", "nl": "Hoi {balance.stars} {tier.main}"}, "subject": "{ name }"}
    found = wrong(document(odd))
    assert [(path, problem) for path, problem, _mend in found] == [
        ("sections.messages.items[0].subject", "There is no placeholder '{ name }'."),
        ("sections.messages.items[0].text.en", "There is no placeholder '{nmae}'."),
        ("sections.messages.items[0].text.nl", "There is no placeholder '{balance.stars}'."),
    ]
    assert "{balance.points}" in found[0][2]


def test_a_ladder_can_not_be_named_where_there_is_none(brand: Brand) -> None:
    made = document(THANKS)
    made["ladders"] = []
    assert {path for path, _problem, _mend in wrong(made)} == {
        "sections.messages.items[0].text.en",
        "sections.messages.items[0].text.nl",
    }


def test_a_lone_brace_is_text(brand: Brand) -> None:
    document_decode(document({**THANKS, "text": "Curly } and { but no more", "subject": "{"}))


def test_a_text_beside_a_named_message_and_no_text_at_all_are_refused(brand: Brand) -> None:
    made = document(THANKS)
    made["rules"][0]["effects"][1]["subject"] = "Twice"
    assert [path for path, *_rest in wrong(made)] == ["rules[0].effects[1].subject"]
    made["rules"][0]["effects"][1] = {"kind": "send_message"}
    assert [path for path, *_rest in wrong(made)] == ["rules[0].effects[1].subject", "rules[0].effects[1].text"]


def test_two_messages_of_one_code_and_an_unknown_key_are_refused(brand: Brand) -> None:
    assert [path for path, *_rest in wrong(document(THANKS, THANKS))] == ["sections.messages.items[1].code"]
    assert next(path for path, *_rest in wrong(document({**THANKS, "sms": "hi"}))).startswith(
        "sections.messages.items[0]"
    )


def test_messages_go_through_document_rows_and_document_without_loss(brand: Brand) -> None:
    made = document_decode(document(THANKS, OFFER))
    assert document_decode(document_plain(made)) == made
    program = shop.program(document(THANKS, OFFER))
    assert draft_plain(program)["sections"] == document_plain(made)["sections"]
    assert draft_plain(program)["rules"] == document_plain(made)["rules"]


def test_publishing_refuses_a_draft_whose_message_is_gone(brand: Brand) -> None:
    program = shop.program(document(THANKS))
    program.sections = {}
    program.save(update_fields=["sections"])
    with pytest.raises(ProgramInvalid) as refused:
        program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)
    assert refused.value.context["problems"][0]["path"] == "rules[0].effects[1].template"


# --- the admin -------------------------------------------------------------------------------------------------------
def test_a_message_is_typed_in_a_form_chosen_in_a_rule_and_told_in_the_difference(
    brand: Brand, client_for: Any, owner: Any
) -> None:
    program = shop.program(document(THANKS, OFFER))
    client = client_for(brand, user=owner)
    address = reverse("admin:loyalty_program_section", args=[program.pk, "messages"])
    form = fields(client.get(address).content.decode())
    assert client.post(address, form).status_code == 302
    assert draft_difference(Program.objects.get(pk=program.pk)) == []
    form = fields(client.get(address).content.decode())
    subject = next(name for name in form if name.startswith("p.items.1.subject"))
    form[subject] = "Only for {nobody}"
    refused = client.post(address, form)
    assert refused.status_code == 422
    assert "There is no placeholder" in refused.content.decode()
    form[subject] = "Only for {name}"
    assert client.post(address, form).status_code == 302
    [change] = draft_difference(Program.objects.get(pk=program.pk))
    assert change.path == "sections.messages.items.offer.subject"
    rule = program.rules.get(code="per_euro")
    page = client.get(reverse("admin:loyalty_earningrule_change", args=[rule.pk])).content.decode()
    assert 'value="thanks" selected' in page
    assert 'value="offer"' in page


def test_a_message_is_looked_at_before_it_is_published_and_sent_to_oneself(
    brand: Brand, client_for: Any, owner: Any
) -> None:
    program = shop.program(document(THANKS, OFFER))
    client = client_for(brand, user=owner)
    section = client.get(reverse("admin:loyalty_program_section", args=[program.pk, "messages"])).content.decode()
    address = reverse("admin:loyalty_program_preview", args=[program.pk, "messages", "thanks"])
    assert address in section
    page = client.get(address).content.decode()
    assert "Thanks, Sam: 25 points" in page.replace("\xa0", " ")
    assert "Bedankt, Sam: 25 punten" in page.replace("\xa0", " ")
    assert "VIP" in page
    assert client.post(address).status_code == 302
    mine = letters()
    assert {each.to for each in mine} == {owner.email}
    assert [each.subject for each in mine] == ["Thanks, Sam: 25 points", "Bedankt, Sam: 25 punten"]
    nothing = reverse("admin:loyalty_program_preview", args=[program.pk, "messages", "nothing"])
    assert client.get(nothing).status_code == 404
    elsewhere = reverse("admin:loyalty_program_preview", args=[program.pk, "benefits", "thanks"])
    assert client.get(elsewhere).status_code == 404
