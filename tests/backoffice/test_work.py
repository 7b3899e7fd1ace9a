"""The work that is done in the admin, form by form: written once, by services, refused beside the field."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import clock
from core.tables import OutboxMessage
from loyalty.models import PointsEntry
from members.models import Member, User
from partners.models import ApiKey
from rewards.models import CodePool, PoolImport, Redemption
from rewards.poolimports import pool_import_run
from tests.backoffice.conftest import House
from tests.backoffice.sent import told
from tests.backoffice.test_pages import path_of
from tests.loyalty import shop

Entered = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_points_are_adjusted_once_with_a_reason(house: House, entered: Entered) -> None:
    client = entered("support")
    address = path_of("loyalty_pointsentry_adjust", house.member.pk)
    fields = {
        "account": "house:points", "points": "-20", "reason_code": "correction", "reason": "A mistake at the till",
        "key": "x" * 32,
    }  # fmt: skip
    assert "Reason" in told(client.post(address, fields | {"reason": ""}))
    for _time in range(2):
        assert client.post(address, fields).status_code == 302
    entry = PointsEntry.objects.get(kind="adjust", points__lt=0)
    assert (entry.points, entry.initiated_by, entry.reason["en"]) == (-20, "staff", "A mistake at the till")
    too_much = client.post(address, fields | {"points": "-99999", "key": "y" * 32})
    assert "There are not enough points." in told(too_much)
    assert PointsEntry.objects.filter(kind="adjust", points__lt=0).count() == 1


def test_points_with_digits_are_adjusted_as_they_are_read_and_named_in_the_readers_language(
    house: House, entered: Entered
) -> None:
    stars = {"code": "stars", "name_one": {"en": "star", "nl": "ster"}, "name_many": {"en": "stars", "nl": "sterren"}}
    document = deepcopy(shop.DOCUMENT)
    document["currencies"].append({**stars, "scale": 1, "kind": "spendable"})
    shop.publish(house.program, document)
    client, address = entered("support"), path_of("loyalty_pointsentry_adjust", house.member.pk)
    fields = {"account": "house:stars", "reason_code": "other", "reason": "Sorry", "key": "z" * 32}
    assert "1 digit behind the sign" in told(client.post(address, fields | {"points": "2.55"}))
    assert "whole points" in told(client.post(address, fields | {"account": "house:points", "points": "2.5"}))
    assert client.post(address, fields | {"points": "2.5"}).status_code == 302
    assert PointsEntry.objects.get(account__currency="stars").points == 25
    client.cookies["django_language"] = "nl"
    page = told(client.get(address))
    assert "sterren, nu 2,5" in page
    assert "punten, nu" in page
    assert "{&#x27;en" not in page


def test_a_member_is_made_changed_suspended_and_let_back_in(house: House, entered: Entered) -> None:
    client = entered("support")
    fields = {"name": "Piet", "email": "piet@example.com", "language": "nl"}
    assert client.post(path_of("members_member_add"), fields).status_code == 302
    piet = Member.objects.get(email="piet@example.com")
    twice = client.post(path_of("members_member_add"), fields)
    assert "Another member has this e-mail." in told(twice)
    address = path_of("members_member_change", piet.pk)
    assert client.post(address, fields | {"phone": "0612345678"}).status_code == 302
    assert Member.objects.get(pk=piet.pk).phone == "0612345678"
    suspend = path_of("members_member_suspend", piet.pk)
    for status in ("suspended", "active"):
        assert client.post(suspend, {"reason": "Because"}).status_code == 302
        assert Member.objects.get(pk=piet.pk).status == status


def test_the_ledger_leaves_as_a_file_that_runs_no_formula(house: House, entered: Entered) -> None:
    entered("support").post(
        path_of("loyalty_pointsentry_adjust", house.member.pk),
        {"account": "house:points", "points": "5", "reason_code": "other", "reason": "=1+1", "key": "z" * 32},
    )
    answer: Any = entered("owner").get(path_of("loyalty_pointsentry_export"), {"kind__exact": "adjust"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 3  # The house has one already.
    [line] = [each for each in lines if "=1+1" in each]
    assert "'=1+1" in line
    assert ",5," in line


def test_codes_that_are_pasted_are_in_at_once_and_what_was_left_out_is_told(house: House, entered: Entered) -> None:
    client = entered("marketer")
    address = path_of("rewards_codepool_import", house.pool.pk)
    page = told(client.post(address, {"text": "code\nNEW-1\nNEW-2\nCINEMA-3\n\nNEW-1\n"}))
    assert "2 codes were added." in page
    assert "the title of the column" in page
    assert CodePool.objects.get(pk=house.pool.pk).size == 22
    assert "NEW-1" not in told(client.get(path_of("rewards_codepool_change", house.pool.pk)))


def test_a_file_of_codes_is_brought_in_by_a_worker_and_followed_on_its_page(house: House, entered: Entered) -> None:
    client, pool = entered("marketer"), house.pool.pk
    file = SimpleUploadedFile("codes.csv", b"NEW-1;x\nNEW-2\nCINEMA-3\n\nNEW-1\n")
    answer = client.post(path_of("rewards_codepool_import", pool), {"file": file})
    job = PoolImport.objects.get()
    assert answer["Location"] == path_of("rewards_codepool_job", pool, job.pk)
    assert CodePool.objects.get(pk=pool).size == 20
    assert "hx-get" in told(client.get(answer["Location"]))
    client.post(path_of("rewards_codepool_job_act", pool, job.pk), {"act": "pause"})
    assert pool_import_run(job.pk).state == "paused"
    client.post(path_of("rewards_codepool_job_act", pool, job.pk), {"act": "start"})
    assert "hx-get" in told(client.get(path_of("rewards_codepool_job_progress", pool, job.pk)))
    assert pool_import_run(job.pk).added == 2
    follow = client.get(path_of("rewards_codepool_job_progress", pool, job.pk))
    assert follow["HX-Refresh"] == "true"
    assert "+2" in told(follow)
    assert "there already" in told(client.get(answer["Location"]))
    seen = told(client.get(path_of("rewards_codepool_change", pool)))
    assert "codes.csv" in seen
    assert path_of("rewards_codepool_job", pool, job.pk) not in told(
        entered("analyst").get(path_of("rewards_codepool_change", pool))
    )
    other = CodePool.objects.create(name="Other")
    assert client.get(path_of("rewards_codepool_job", other.pk, job.pk)).status_code == 404
    # Last, since whoever reads a stream to its end gives the connection back.
    report: Any = client.get(path_of("rewards_codepool_job_lines", pool, job.pk))
    lines = b"".join(report.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["line,code,reason", "3,duplicate,there already", "4,empty,empty", "5,duplicate,there already"]


def test_a_file_of_codes_that_is_none_is_refused_beside_its_field(house: House, entered: Entered) -> None:
    client, address = entered("marketer"), path_of("rewards_codepool_import", house.pool.pk)
    for raw, said in ((b"A\n\xff\n", "Line 2 is not UTF-8"), (b"PK\x03\x04x", "packed file")):
        assert said in told(client.post(address, {"file": SimpleUploadedFile("codes.csv", raw)}))
    assert "Choose a file or paste codes." in told(client.post(address, {"text": " "}))
    assert PoolImport.objects.count() == 0


def test_more_lines_than_are_brought_in_while_one_waits_go_to_a_worker(
    house: House, entered: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rewards.admin.forms.AT_ONCE", 2)
    client, address = entered("marketer"), path_of("rewards_codepool_import", house.pool.pk)
    assert client.post(address, {"text": "A-1\nA-2\nA-3"}).status_code == 302
    assert PoolImport.objects.get().total == 3


def test_a_redemption_is_canceled_with_a_reason(house: House, entered: Entered) -> None:
    address = path_of("rewards_redemption_cancel", house.redemption.pk)
    assert entered("marketer").post(address, {"reason": "Sick"}).status_code == 403
    assert entered("support").post(address, {"reason": "Sick"}).status_code == 302
    assert Redemption.objects.get(pk=house.redemption.pk).state == "canceled"


def test_a_key_is_shown_once_and_revoked(house: House, entered: Entered) -> None:
    client = entered("owner")
    page = client.post(path_of("partners_apikey_add"), {"name": "Till", "scopes": ["events:write"]})
    key = ApiKey.objects.get(name="Till")
    assert f"sg_{key.prefix}_" in told(page)
    assert "no-store" in page["Cache-Control"]
    secret = told(page).split(f"sg_{key.prefix}_")[1][:40]
    assert secret not in told(client.get(path_of("partners_apikey_change", key.pk)))
    assert client.post(path_of("partners_apikey_revoke", key.pk)).status_code == 302
    assert ApiKey.objects.get(name="Till").revoked_at is not None


def test_somebody_is_invited_and_demoted_from_the_next_click(house: House, entered: Entered) -> None:
    client = entered("owner")
    assert (
        client.post(
            path_of("members_user_add"), {"email": "new@team.example", "role": "marketer", "language": "nl"}
        ).status_code
        == 302
    )
    marketer = entered("marketer")
    rules = path_of("loyalty_earningrule_add")
    assert marketer.get(rules).status_code == 200
    user = User.objects.get(email="marketer@team.example")
    change = path_of("members_user_change", user.pk)
    assert client.post(change, {"role": "analyst"}).status_code == 302
    assert marketer.get(rules).status_code == 403
    assert client.post(change, {"role": "none"}).status_code == 302
    assert marketer.get(path_of("index")).status_code in (302, 403)
    owner = User.objects.get(email="owner@team.example")
    if User.objects.filter(groups__name="owner").count() == 1:
        page = client.post(path_of("members_user_change", owner.pk), {"role": "analyst"})
        assert "A brand needs at least one owner." in told(page)


def test_a_message_that_failed_is_tried_again(house: House, entered: Entered) -> None:
    failed = OutboxMessage.objects.create(
        topic="mail.requested",
        payload={},
        created_at=clock.now(),
        available_at=clock.now(),
        failed_at=clock.now(),
        attempts=12,
    )
    fields = {"action": "try_again", "_selected_action": [failed.pk]}
    assert entered("owner").post(path_of("core_outboxmessage_changelist"), fields).status_code == 302
    failed.refresh_from_db()
    assert (failed.failed_at, failed.attempts) == (None, 0) or failed.delivered_at


def test_the_log_in_is_the_members_door(brand: Any, client_for: Callable[..., Client], entered: Entered) -> None:
    answer = client_for(brand).get(path_of("loyalty_pointsentry_changelist"))
    assert answer.status_code == 302
    answer = client_for(brand).get(answer["Location"])
    assert answer["Location"].startswith("/accounts/login/?next=/admin/loyalty/pointsentry/")
    user = User.objects.create_user("member@example.com", "a long enough password")
    assert client_for(brand, user=user).get(path_of("login")).status_code == 403


def test_staff_of_one_brand_are_nobody_at_another(
    brand: Any, other_brand: Any, entered: Entered, client_for: Callable[..., Client]
) -> None:
    cookies = entered("owner").cookies
    stranger = client_for(other_brand)
    stranger.cookies = cookies
    answer = stranger.get(path_of("index"))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_an_analyst_sees_no_names(house: House, entered: Entered) -> None:
    client = entered("analyst")
    for name in ("loyalty_pointsentry", "loyalty_event", "loyalty_order", "rewards_redemption"):
        page = told(client.get(path_of(f"{name}_changelist"), {"period": "all"}))
        assert "Anna" not in page, name
    assert client.get(path_of("members_member_changelist")).status_code == 403
