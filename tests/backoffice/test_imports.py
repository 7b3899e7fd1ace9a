"""Importing a file in the admin: upload, columns, a look at the first rows, start, follow, take refused rows away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from loyalty.imports.runner import import_work
from loyalty.models import Event, ImportJob, PointsEntry
from members.models import Member
from tests.backoffice.sent import told
from tests.loyalty import shop
from tests.loyalty.imports.brought import ndjson

CSV = "Bestelnr;Klantnummer;Datum;Totaal\nA-1001;C-1;31-12-2025 10:00;12,50\nA-1002;C-9;31-12-2025;5\n"


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def owner(house, entered):
    Member.objects.filter(pk=house.member.pk).update(external_id="C-1")
    return entered("owner")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:loyalty_importjob_{name}", urlconf="config.urls_brand", args=args)


def sent(client: Any, name: str, text: str | bytes, **more: str) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return client.post(
        page("add"), {"file": SimpleUploadedFile(name, raw), "kind": "events", "source": "till", "program": "", **more}
    )


def test_a_csv_goes_from_upload_to_done_with_its_columns_told_and_its_first_rows_seen(owner, house):
    answer = sent(owner, "orders.csv", CSV)
    job = ImportJob.objects.get()
    assert answer["Location"] == page("columns", job.pk)
    columns = told(owner.get(page("columns", job.pk)))
    assert "12,50" in columns
    assert '<option value="decimal_comma" selected>' in columns
    form = {
        "column-0": "order.number", "column-1": "member.external_id", "column-2": "occurred_at",
        "column-3": "order.total_minor", "constant-type": "order.paid", "constant-order.currency": "EUR",
        "money": "decimal_comma", "dates": "dmy", "time_zone": "Europe/Amsterdam",
    }  # fmt: skip
    assert owner.post(page("columns", job.pk), form)["Location"] == page("change", job.pk)
    assert "hx-get" in told(owner.get(page("change", job.pk)))
    assert import_work(job.pk).state == "ready"
    before = (Event.objects.count(), PointsEntry.objects.count())
    seen = told(owner.get(page("change", job.pk)))
    assert "+12 points" in seen
    assert "No member is known by this." in seen
    assert (Event.objects.count(), PointsEntry.objects.count()) == before
    owner.post(page("act", job.pk), {"act": "start"})
    assert import_work(job.pk).counts == {"processed": 1, "refused": 1}
    follow = owner.get(page("progress", job.pk))
    assert follow["HX-Refresh"] == "true"
    assert "+12" in told(follow)
    done = told(owner.get(page("change", job.pk)))
    assert "No member is known by this." in done
    report = b"".join(owner.get(page("rejects", job.pk)).streaming_content).decode("utf-8-sig")
    assert report.splitlines()[1].startswith("3,A-1002,unknown_member,member,")


def test_two_columns_of_one_field_and_columns_that_say_too_little_are_told_in_the_form(owner, house):
    sent(owner, "orders.csv", CSV)
    job = ImportJob.objects.get()
    form = {
        "money": "minor",
        "dates": "iso",
        "time_zone": "UTC",
        "column-0": "id",
        "column-1": "id",
        "constant-type": "x.y",
    }
    assert "Two columns are chosen for" in told(owner.post(page("columns", job.pk), form))
    form |= {"column-1": ""}
    assert "No column says when it happened." in told(owner.post(page("columns", job.pk), form))
    assert ImportJob.objects.get().state == "uploaded"


def test_columns_are_chosen_by_what_they_mean_and_the_money_is_the_programs(owner, house):
    sent(owner, "orders.csv", CSV)
    shown = told(owner.get(page("columns", ImportJob.objects.get().pk)))
    for words in ("total of the order (order.total_minor)", "member: your own number (member.external_id)"):
        assert words in shown
    currency = (
        shown.partition('name="constant-order.currency"')[0].rpartition("<")[2]
        + shown.partition('name="constant-order.currency"')[2].partition(">")[0]
    )
    assert 'value="EUR"' in currency
    owner.cookies["django_language"] = "nl"
    assert "totaal van de bestelling (order.total_minor)" in told(
        owner.get(page("columns", ImportJob.objects.get().pk))
    )


def test_lines_of_json_are_checked_at_once_and_the_same_file_again_is_told(owner, house):
    raw = ndjson(shop.order(house.member, 10, "N-1"))
    answer = sent(owner, "orders.ndjson", raw)
    job = ImportJob.objects.get()
    assert (answer["Location"], job.state) == (page("change", job.pk), "checking")
    again = owner.get(sent(owner, "orders.ndjson", raw)["Location"])
    assert "under way already" in told(again)
    import_work(job.pk)
    owner.post(page("act", job.pk), {"act": "start"})
    import_work(job.pk)
    assert "was imported before" in told(owner.get(sent(owner, "orders.ndjson", raw)["Location"]))
    assert ImportJob.objects.count() == 2


def test_a_file_that_is_none_is_refused_beside_its_field(owner, house):
    assert "packed file" in told(sent(owner, "orders.csv", b"PK\x03\x04zip"))
    assert "Excel" in told(sent(owner, "orders.xlsx", b"PK\x03\x04zip"))
    assert ImportJob.objects.count() == 0


def test_what_cannot_be_done_any_more_is_told(owner, house):
    sent(owner, "orders.ndjson", ndjson(shop.order(house.member, 10, "N-1")))
    job = ImportJob.objects.get()
    owner.post(page("act", job.pk), {"act": "pause"})
    assert "The import is being checked." in told(owner.get(page("change", job.pk)))
    owner.post(page("act", job.pk), {"act": "cancel"})
    assert ImportJob.objects.get().state == "canceled"
