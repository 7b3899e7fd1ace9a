"""A shop's export becomes events, each invoice once; a second import changes nothing. The rows are invented."""

from __future__ import annotations

import io
import json

import pytest

from core.actor import Actor
from loyalty.imports.jobs import Wish, file_received, import_create
from loyalty.imports.report import rejects_write
from loyalty.imports.runner import import_work
from loyalty.ledger import ledger_invariants
from loyalty.models import Event, Order, PointsEntry
from sandbox.retail import Line, convert
from tests.loyalty import shop

IMPORT = Actor("partner", "import", "import")


def invoice(number, customer, amount, day=1):
    return {
        "invoice_no": number,
        "invoice_at": f"2011-06-{day:02d} 10:00:00",
        "customer_id": customer,
        "country": "United Kingdom",
        "lines": "1",
        "units": "1",
        "amount": amount,
    }


INVOICES = [
    invoice("500001", "77", "100.00", 1),
    invoice("500002", "77", "60.50", 2),
    invoice("500003", "", "12.00", 3),
    invoice("500004", "78", "0", 4),
    invoice("A500005", "", "-999.99", 5),
    invoice("C500006", "77", "-25.00", 6),  # a quarter of 500001
    invoice("C500007", "78", "-3.00", 7),  # never bought
    invoice("C500008", "77", "-70.00", 8),  # one line of 500002, one that matches nothing
    invoice("500009", "79", "9.99", 9),
]
LINES = [
    Line("500001", "77", "LAMP", 4, 10000, "2011-06-01 10:00:00"),
    Line("500002", "77", "VASE", 2, 6050, "2011-06-02 10:00:00"),
    Line("C500006", "77", "LAMP", 1, 2500, "2011-06-06 10:00:00"),
    Line("C500008", "77", "VASE", 2, 6050, "2011-06-08 10:00:00"),
    Line("C500008", "77", "CLOCK", 1, 950, "2011-06-08 10:00:00"),
]


def ndjson(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def brought_in(source, kind="events"):
    with file_received([source]) as kept:
        job, _new = import_create(kept=kept, wish=Wish(kind=kind, starts_itself=True), actor=IMPORT)
    return import_work(job.pk)


def test_every_invoice_is_an_event_or_listed_and_matched_cancellations_name_their_order():
    done = convert(INVOICES, [Line(**{f: getattr(line, f) for f in line.__struct_fields__}) for line in LINES])
    by_id = {event["id"]: event for event in done.events}
    assert [left.invoice for left in done.left_out] == ["A500005"]
    assert by_id["C500006"]["data"]["return"] == {"order": "500001", "amount_minor": 2500}
    assert by_id["C500007"]["data"]["return"] == {"order": None, "amount_minor": 300}
    assert by_id["C500008"]["data"]["return"] == {"order": "500002", "amount_minor": 6050}
    assert by_id["C500008/rest"]["data"]["return"] == {"order": None, "amount_minor": 950}
    assert [left.invoice for left in done.unmatched] == ["C500007", "C500008"]
    assert {member["external_id"] for member in done.members} == {"77", "78", "79"}
    covered = {event["id"].split("/")[0] for event in done.events} | {left.invoice for left in done.left_out}
    assert covered == {row["invoice_no"] for row in INVOICES}


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.usefixtures("brand")
def test_the_import_reverses_by_amount_lists_what_it_refuses_and_a_second_run_changes_nothing():
    # These orders are years old; points that expire would have done so before the returns came in.
    document = json.loads(json.dumps(shop.DOCUMENT).replace("EUR", "GBP"))
    document["currencies"][0]["expiry"] = {"kind": "never"}
    shop.program(document)
    done = convert(INVOICES, [Line(**{f: getattr(line, f) for f in line.__struct_fields__}) for line in LINES])
    assert brought_in(ndjson(done.members), "members").counts == {"created": 3}
    bad = [{"id": "x", "type": "order.paid"}, {**done.events[0], "id": "y", "member": {"external_id": "nobody"}}]
    rejected = io.StringIO()
    report = brought_in(ndjson([*done.events, *bad]) + b'{"id": "z", "id": "twice"}\nnot json\n')
    assert rejects_write(report, rejected) == 4
    assert report.counts == {"processed": 6, "guest": 1, "unmatched": 2, "refused": 4}
    assert (report.issued, report.reversed) == ({"points": 169}, {"points": 85})
    assert [line.split(",")[2] for line in rejected.getvalue().splitlines()[1:]] == [
        "invalid_input",
        "unknown_member",
        "duplicate_key",
        "malformed_body",
    ]
    before = (Event.objects.count(), Order.objects.count(), PointsEntry.objects.count())
    assert brought_in(ndjson(done.events)).counts == {"repeated": len(done.events)}
    assert brought_in(ndjson(done.members), "members").counts == {"repeated": 3}
    assert (Event.objects.count(), Order.objects.count(), PointsEntry.objects.count()) == before
    assert ledger_invariants() == []
