"""The pages about oneself: profile, consents, language."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from core.actor import Actor
from core.errors import Conflict, InvalidInput
from members.errors import EmailBelongsToLogin, EmailTaken, ExternalIdTaken, MemberErased
from members.models import Consent, Member, User
from members.services import (
    consent_record,
    member_create,
    member_reactivate,
    member_suspend,
    member_update,
    staff_invite,
)
from tests.conftest import ClientFor

STAFF = Actor("staff", "user:1", "admin")
PASSWORD = "a long enough password"


@pytest.fixture
def ann(brand: Any) -> Member:
    user = User.objects.create_user("ann@example.com", "x", name="Ann")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return member_create(email="ann@example.com", name="Ann", user=user, actor=STAFF)


def test_a_member_changes_their_profile_and_reads_on_in_their_language(
    brand: Any, client_for: ClientFor, ann: Member
) -> None:
    client = client_for(brand, user=ann.user)
    answer = client.post(
        "/profile/", {"name": "Ann B.", "phone": "+31 6 1234", "birth_date": "1990-02-03", "language": "nl"}
    )
    assert answer.status_code == 302
    assert answer.cookies["django_language"].value == "nl"
    ann.refresh_from_db()
    assert (ann.name, str(ann.birth_date), ann.language) == ("Ann B.", "1990-02-03", "nl")
    assert 'lang="nl"' in client.get("/profile/").content.decode()


def test_a_member_tells_their_country_once_and_goes_back_to_where_it_was_asked(
    brand: Any, client_for: ClientFor, ann: Member
) -> None:
    client, said = client_for(brand, user=ann.user), {"name": "Ann", "phone": "", "birth_date": "", "language": "en"}
    page = client.get("/profile/?next=/rewards/mug/").content.decode()
    assert '<option value="NL">Netherlands</option>' in page
    assert client.post("/profile/", {**said, "country": "XX"}).status_code == 422
    assert client.post("/profile/?next=https://evil.example/", said)["Location"] == "/profile/"
    assert client.post("/profile/?next=/rewards/mug/", {**said, "country": "NL"})["Location"] == "/rewards/mug/"
    ann.refresh_from_db()
    assert ann.attributes == {"country": "NL"}
    # From one country's rewards to the next one's: that is for the team to change.
    assert "Have you moved?" in client.get("/profile/").content.decode()
    assert client.post("/profile/", {**said, "country": "BE"}).status_code == 302
    ann.refresh_from_db()
    assert ann.attributes == {"country": "NL"}


def test_a_date_of_birth_in_the_future_is_refused_at_its_field(brand: Any, client_for: ClientFor, ann: Member) -> None:
    answer = client_for(brand, user=ann.user).post(
        "/profile/", {"name": "Ann", "phone": "", "birth_date": "2990-02-03", "language": "en"}
    )
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_consents_are_appended_and_the_latest_holds(brand: Any, client_for: ClientFor, ann: Member) -> None:
    client = client_for(brand, user=ann.user)
    client.post("/profile/consents/", {"marketing_email": "on"})
    client.post("/profile/consents/", {"marketing_email": "on"})
    client.post("/profile/consents/", {})
    rows = Consent.objects.filter(purpose="marketing_email").order_by("id").values_list("granted", flat=True)
    assert list(rows) == [True, False]
    assert "checked" not in client.get("/profile/consents/").content.decode()


def test_the_language_switch_stays_on_the_page_and_goes_nowhere_else(brand: Any, client_for: ClientFor) -> None:
    client = client_for(brand)
    answer = client.post("/language/", {"language": "nl", "next": "/terms/"})
    assert (answer["Location"], answer.cookies["django_language"].value) == ("/terms/", "nl")
    assert client.post("/language/", {"language": "nl", "next": "https://evil.example/"})["Location"] == "/"
    assert client.post("/language/", {"language": "nl", "next": "//evil.example/"})["Location"] == "/"
    assert "django_language" not in client_for(brand).post("/language/", {"language": "xx"}).cookies
    assert client.get("/language/").status_code == 405


def test_staff_without_a_card_have_a_profile_too(brand: Any, client_for: ClientFor) -> None:
    user = staff_invite(email="sam@example.com", role="support", actor=STAFF)
    client = client_for(brand, user=user)
    assert client.get("/profile/").status_code == 200
    assert client.post("/profile/", {"name": "Sam", "language": "nl"}).status_code == 302
    assert User.objects.get(pk=user.pk).name == "Sam"
    assert client.get("/profile/consents/")["Location"] == "/profile/"


def test_staff_read_in_their_browsers_language_until_they_choose_one(brand: Any, client_for: ClientFor) -> None:
    user = staff_invite(email="sam@example.com", role="support", actor=STAFF)
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})

    def log_in() -> Any:
        client = client_for(brand)
        given = {"login": user.email, "password": PASSWORD}
        answer = client.post("/accounts/login/", given, headers={"accept-language": "nl-NL,nl;q=0.9"})
        assert answer.status_code == 302
        return client, answer

    client, answer = log_in()
    assert "django_language" not in answer.cookies
    page = client.get("/admin/", headers={"accept-language": "nl-NL,nl;q=0.9"}).content.decode()
    assert '<html lang="nl"' in page
    assert User.objects.get(pk=user.pk).language == "nl", "mails follow too"
    client.post("/language/", {"language": "en"})
    assert log_in()[1].cookies["django_language"].value == "en"


@pytest.mark.parametrize("address", ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/"])
def test_the_pages_about_logging_in_wear_our_clothes(
    brand: Any, client_for: ClientFor, ann: Member, address: str
) -> None:
    page = client_for(brand, user=ann.user).get(address, follow=True).content.decode()
    assert 'class="card stack"' in page
    assert "Back to your profile" in page


def test_visitors_are_asked_to_log_in(brand: Any, client_for: ClientFor) -> None:
    assert client_for(brand).get("/profile/")["Location"] == "/accounts/login/?next=/profile/"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": "a@example.com", "name": "x" * 121}, "name"),
        ({"email": "a@example.com", "name": "a\x00b"}, "name"),
        ({"external_id": "1", "language": "de"}, "language"),
    ],
)
def test_a_member_that_makes_no_sense_is_refused_by_field(brand: Any, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        member_create(actor=STAFF, **fields)
    assert refused.value.field == field
    assert not Member.objects.exists()


def test_e_mail_and_external_id_are_had_once(brand: Any, ann: Member) -> None:
    member_create(external_id="1", actor=STAFF)
    with pytest.raises(EmailTaken):
        member_create(email="ANN@example.com", actor=STAFF)
    with pytest.raises(ExternalIdTaken):
        member_create(external_id="1", actor=STAFF)


def test_staff_cannot_change_an_address_that_somebody_logs_in_with(brand: Any, ann: Member) -> None:
    with pytest.raises(EmailBelongsToLogin):
        member_update(member=ann, email="other@example.com", actor=STAFF)
    till = member_create(email="till@example.com", actor=STAFF)
    assert member_update(member=till, email="New@example.com", actor=STAFF).email == "new@example.com"


def test_suspending_needs_a_reason_and_an_erased_member_stays_as_they_are(brand: Any, ann: Member) -> None:
    with pytest.raises(InvalidInput):
        member_suspend(member=ann, reason=" ", actor=STAFF)
    assert member_suspend(member=ann, reason="fraud", actor=STAFF).status == "suspended"
    assert member_reactivate(member=ann, reason="cleared", actor=STAFF).status == "active"
    Member.objects.filter(pk=ann.pk).update(status="erased")
    with pytest.raises(MemberErased):
        member_update(member=ann, name="x", actor=STAFF)
    with pytest.raises(Conflict):
        consent_record(member=ann, purpose="terms", granted=True, text_version="1", source="web")
