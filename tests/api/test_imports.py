"""Files over the API: uploaded, followed, stopped and gone on with; what was refused is read as CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test.client import MULTIPART_CONTENT, encode_multipart

from core import clock
from loyalty.imports.runner import import_work
from loyalty.models import ImportJob
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop
from tests.loyalty.imports.brought import ndjson

NDJSON, CSV = "application/x-ndjson", "text/csv"
pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def anna():
    program = shop.program()
    member = shop.member("Anna", external_id="C-1")
    shop.place(member, program)
    return member


@pytest.fixture
def api(brand, client_for, anna):
    return Api(client_for(brand), key_made()[1])


def test_lines_of_json_are_uploaded_followed_and_their_rejects_read(api, anna):
    raw = ndjson(shop.order(anna, 10, "N-1"), b"=nothing", shop.order(None, 10, "N-2"))
    made = api.post("imports?source=till&filename=may.ndjson", raw, media=NDJSON)
    assert (made.status_code, made.json()["state"], made.json()["source"]) == (201, "checking", "till")
    import_work(made.json()["id"])
    done = api.get(made["Location"]).json()
    assert (done["state"], done["done"], done["total"], done["filename"]) == ("done", 3, 3, "may.ndjson")
    assert done["counts"] == {"processed": 1, "guest": 1, "refused": 1}
    assert (done["issued"], done["reasons"]) == ({"points": 10}, {"malformed_body": 1})
    answer = api.get(f"{made['Location']}/rejects")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert answer["Content-Type"].startswith(CSV)
    assert (lines[0], lines[1][:18]) == ("line,id,code,field,reason", "2,,malformed_body,")
    assert [each["id"] for each in api.get("imports").json()["results"]] == [done["id"]]


def test_a_csv_comes_with_its_mapping_or_with_titles_that_need_none(api, anna):
    raw = b"id,type,member.external_id,occurred_at,order.number,order.currency,order.total_minor\n"
    raw += b"A,order.paid,C-1,2026-01-01T10:00Z,A,EUR,500\n"
    made = api.post("imports", raw, media=CSV).json()
    import_work(made["id"])
    assert api.get(f"imports/{made['id']}").json()["issued"] == {"points": 5}
    mapping = {
        "fields": {"id": "no", "order.number": "no", "occurred_at": "at", "order.total_minor": "sum"},
        "constants": {"type": "order.paid", "order.currency": "EUR"},
        "money": "decimal_comma",
    }
    form = {"mapping": json.dumps(mapping), "file": _file("orders.csv", b"no;at;sum\nB;2026-01-01;5,50\n")}
    body = encode_multipart("BoUnDaRyStRiNg", form)
    made = api.send("POST", "imports", body, media=MULTIPART_CONTENT)
    assert (made.status_code, made.json()["format"], made.json()["filename"]) == (201, "csv", "orders.csv")
    assert import_work(made.json()["id"]).counts == {"guest": 1}


def _file(name: str, raw: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, raw)


def test_one_key_makes_one_import_and_another_file_under_it_is_refused(api, anna):
    raw = ndjson(shop.order(anna, 10, "N-1"))
    first = api.post("imports", raw, media=NDJSON, once="k1")
    again = api.post("imports", raw, media=NDJSON, once="k1")
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 201, again.json()["id"])
    refused(api.post("imports", raw + raw, media=NDJSON, once="k1"), 422, "idempotency_key_reused")
    # Without a key: the same file is under way.
    assert api.post("imports", raw, media=NDJSON).status_code == 200
    assert ImportJob.objects.count() == 1


def test_an_import_waits_to_be_started_is_paused_and_canceled(api, anna):
    made = api.post("imports?start=false", ndjson(shop.order(anna, 10)), media=NDJSON).json()
    refused(api.post(f"imports/{made['id']}/pause"), 409, "import_state")
    assert import_work(made["id"]).state == "ready"
    assert api.post(f"imports/{made['id']}/start").json()["state"] == "running"
    assert api.post(f"imports/{made['id']}/pause").json()["state"] == "paused"
    assert api.post(f"imports/{made['id']}/start").json()["started_at"] is not None
    assert api.post(f"imports/{made['id']}/cancel").json()["state"] == "canceled"
    refused(api.post(f"imports/{made['id']}/start"), 409, "import_state")


@pytest.mark.parametrize(
    ("path", "raw", "media", "status", "code", "field"),
    [
        ("imports", b"{}", "application/json", 415, "unsupported_media_type", None),
        ("imports", b"\x00", NDJSON, 422, "unreadable_file", "file"),
        ("imports", b"PK\x03\x04zip", NDJSON, 422, "unreadable_file", "file"),
        ("imports", b"a,b\n1,2\n", CSV, 422, "columns_unclear", "mapping"),
        ("imports?mapping={", b"a,b\n1,2\n", CSV, 400, "malformed_body", None),
        ("imports?kind=coins", b"{}", NDJSON, 400, "invalid_query", "kind"),
        ("imports?source=stamgast", b"{}", NDJSON, 422, "invalid_input", "source"),
        ("imports?program=nowhere", b"{}", NDJSON, 422, "unknown_program", "program"),
        ("imports", b"no form", MULTIPART_CONTENT, 422, "invalid_input", "file"),
    ],
)
def test_what_cannot_be_an_import_is_refused_and_leaves_nothing(api, tmp_path, path, raw, media, status, code, field):
    refused(api.send("POST", path, raw, media=media), status, code, field)
    assert ImportJob.objects.count() == 0
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_file_may_be_larger_than_other_bodies_but_only_with_a_key_and_up_to_its_own_limit(api, settings, anna):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    raw = ndjson(*[shop.order(anna, 1, f"N-{n}") for n in range(20)])
    assert len(raw) > 2000
    assert api.post("imports", raw, media=NDJSON).status_code == 201
    assert api.post("events/bulk", raw, media=NDJSON).json()["code"] == "body_too_large"
    assert Api(api.client, None).post("imports", raw, media=NDJSON).status_code == 413
    settings.IMPORT_MAX_BYTES = 1500
    refused(api.post("imports", raw + b"\n", media=NDJSON), 413, "file_too_large", "file")


def test_making_members_takes_the_scope_for_it(brand, client_for, anna):
    api = Api(client_for(brand), key_made(["imports:write"])[1])
    raw = b'{"external_id": "C-2"}\n'
    refused(api.post("imports?kind=members", raw, media=NDJSON), 403, "scope_missing")
    api = Api(client_for(brand), key_made(["imports:write", "members:write"])[1])
    made = api.post("imports?kind=members", raw, media=NDJSON).json()
    assert import_work(made["id"]).counts == {"created": 1}


def test_an_order_of_tomorrow_week_is_refused_as_over_the_api(api, anna):
    late = {**shop.order(anna, 1, "N-1"), "occurred_at": clock.now().replace(year=2199).isoformat()}
    made = api.post("imports", ndjson(late), media=NDJSON).json()
    assert import_work(made["id"]).reasons == {"occurred_in_future": 1}
