"""An import runs through the one way in; stopped anywhere and started again it loses, doubles and miscounts nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from core.errors import InvalidInput
from core.models import OutboxMessage
from loyalty import hooking
from loyalty.imports import runner
from loyalty.imports.jobs import import_cancel, import_map, import_pause, import_start
from loyalty.imports.refusals import ColumnsUnclear, FileTooLarge, ImportStateConflict, UnreadableFile
from loyalty.imports.report import rejects_write
from loyalty.imports.runner import import_work, imports_sweep
from loyalty.models import (
    Enrollment,
    Event,
    ImportJob,
    ImportReject,
    PointsAccount,
    PointsEntry,
    TierChange,
    TierStanding,
)
from members.models import Member
from tenants.models import Brand
from tests.loyalty import shop
from tests.loyalty.imports.brought import STAFF, brought_in, ndjson, rejects, uploaded

pytestmark = pytest.mark.usefixtures("brand")
State = ImportJob.State
HEAD = "id,customer,occurred_at,total\n"
CSV = {
    "fields": {
        "id": "id", "order.number": "id", "member.external_id": "customer", "occurred_at": "occurred_at",
        "order.total_minor": "total",
    },
    "constants": {"type": "order.paid", "order.currency": "EUR"},
    "money": "decimal_point",
}  # fmt: skip


@pytest.mark.parametrize("source", ["stamgast", "claims", "check-ins"])
def test_a_file_does_not_speak_under_the_products_own_names(brand: Brand, source: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        uploaded(ndjson({}), source=source)
    assert refused.value.field == "source"


@pytest.fixture
def anna() -> Member:
    program = shop.program()
    member = shop.member("Anna", external_id="C-1")
    shop.place(member, program)
    return member


def orders(who: Member, count: int, euros: int = 10) -> list[dict[str, Any]]:
    return [shop.order(who, euros, f"N-{number}") for number in range(count)]


def sums(job: ImportJob) -> tuple[Any, ...]:
    return job.state, job.done, job.counts, job.issued


class Cut(BaseException):
    """The process ends here."""


def test_every_row_is_booked_or_told_with_its_line_and_reason(anna, media: Path, django_capture_on_commit_callbacks):
    good = orders(anna, 3)
    raw = ndjson(good[0], b"", b"no json", good[1], {**good[2], "id": "=2+3", "member": {"external_id": "nobody"}})
    with django_capture_on_commit_callbacks(execute=True):
        job = brought_in(raw + ndjson(good[0], shop.returned(anna, "N-1", 4)))
    assert sums(job) == (State.DONE, 6, {"processed": 3, "repeated": 1, "refused": 2}, {"points": 20})
    assert (job.reversed, job.total, job.percent, job.rejected) == ({"points": 4}, 6, 100, 2)
    assert rejects(job) == [(3, "", "malformed_body"), (5, "=2+3", "unknown_member")]
    report = io.StringIO()
    assert rejects_write(job, report) == 2
    assert "5,'=2+3,unknown_member,member," in report.getvalue()
    assert [path for path in media.rglob("*") if path.is_file()] == []  # nothing is left of the file


def test_the_same_file_again_is_all_repetitions_and_moves_nothing(anna):
    raw = ndjson(*orders(anna, 3))
    brought_in(raw)
    before = PointsEntry.objects.count()
    assert sums(brought_in(raw)) == (State.DONE, 3, {"repeated": 3}, {})
    assert PointsEntry.objects.count() == before


def test_a_file_that_is_under_way_is_not_taken_twice(anna, media: Path):
    raw = ndjson(*orders(anna, 3))
    first, again = uploaded(raw), uploaded(raw)
    assert first.pk == again.pk
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("place", ["import.booked", "import.noted"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_run_that_dies_is_taken_up_without_counting_anything_twice(anna, monkeypatch, place, nth):
    monkeypatch.setattr(runner, "CHUNK", 2)
    rows: list[Any] = orders(anna, 5)
    job = uploaded(ndjson(*rows, rows[1], b"broken", {**rows[2], "occurred_at": shop.when(3)}))
    passed = 0

    def die(name: str) -> None:
        nonlocal passed
        passed += name == place
        if name == place and passed == nth:
            raise Cut

    monkeypatch.setattr(runner, "failpoint", die)
    with pytest.raises(Cut):
        import_work(job.pk)
    # A process that is killed doesn't take its name off.
    ImportJob.objects.filter(pk=job.pk).update(runner=uuid4(), beat_at=clock.now() - 2 * runner.SILENT)
    assert ImportJob.objects.get(pk=job.pk).state == State.RUNNING
    done = import_work(job.pk)
    assert sums(done) == (State.DONE, 8, {"processed": 5, "repeated": 1, "refused": 2}, {"points": 50})
    assert [code for _line, _id, code in rejects(done)] == ["malformed_body", "event_conflict"]


def test_without_the_note_of_what_a_chunk_had_booked_they_would_be_counted_as_repetitions(anna, monkeypatch):
    """The control of the test above."""
    job = uploaded(ndjson(*orders(anna, 3)))
    monkeypatch.setattr(
        runner, "failpoint", lambda name: (_ for _ in ()).throw(Cut) if name == "import.booked" else None
    )
    with pytest.raises(Cut):
        import_work(job.pk)
    ImportJob.objects.filter(pk=job.pk).update(runner=None, chunk_booked=0)
    monkeypatch.setattr(runner, "failpoint", lambda name: None)
    assert import_work(job.pk).counts == {"processed": 3, "repeated": 3}


def test_a_run_that_was_taken_for_dead_books_nothing_more(anna, monkeypatch):
    monkeypatch.setattr(runner, "CHUNK", 2)
    job = uploaded(ndjson(*orders(anna, 6)))
    taken: list[ImportJob] = []

    def overtaken(name: str) -> None:
        if name == "import.noted" and not taken:
            ImportJob.objects.filter(pk=job.pk).update(beat_at=clock.now() - 2 * runner.SILENT)
            taken.append(job)
            taken.append(import_work(job.pk))

    monkeypatch.setattr(runner, "failpoint", overtaken)
    import_work(job.pk)
    assert sums(taken[1]) == (State.DONE, 6, {"processed": 6}, {"points": 60})
    assert Event.objects.filter(type="order.paid").count() == 6


def test_pausing_stops_before_the_next_row_is_booked_and_going_on_finishes_it(anna, monkeypatch):
    monkeypatch.setattr(runner, "CHUNK", 2)
    job = uploaded(ndjson(*orders(anna, 6)))
    monkeypatch.setattr(
        runner, "failpoint", lambda name: import_pause(job=job, actor=STAFF) if name == "import.noted" else None
    )
    paused = import_work(job.pk)
    assert sums(paused) == (State.PAUSED, 2, {"processed": 2}, {"points": 20})
    assert Event.objects.filter(type="order.paid").count() == 2
    assert import_work(job.pk).state == State.PAUSED
    monkeypatch.setattr(runner, "failpoint", lambda name: None)
    import_start(job=job, actor=STAFF)
    assert sums(import_work(job.pk)) == (State.DONE, 6, {"processed": 6}, {"points": 60})


def test_what_is_booked_of_a_chunk_shows_in_the_progress_of_one_that_is_paused_within_it():
    job = ImportJob(state=State.PAUSED, done=2_000, chunk_booked=500, total=10_000)
    assert (job.through, job.percent) == (2_500, 25)


def test_canceling_keeps_what_is_booked_and_forgets_the_file(anna, media: Path, django_capture_on_commit_callbacks):
    job = uploaded(ndjson(*orders(anna, 6)))
    with django_capture_on_commit_callbacks(execute=True):
        import_cancel(job=job, actor=STAFF)
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert import_work(job.pk).state == State.CANCELED
    with pytest.raises(ImportStateConflict):
        import_start(job=job, actor=STAFF)
    with pytest.raises(ImportStateConflict):
        import_cancel(job=job, actor=STAFF)


def test_only_so_many_run_at_once_and_the_rest_wait_for_their_turn(anna):
    jobs = [uploaded(ndjson(shop.order(anna, 1, f"J-{n}"))) for n in range(3)]
    for each in jobs[:2]:
        ImportJob.objects.filter(pk=each.pk).update(runner=uuid4(), beat_at=clock.now())
    assert import_work(jobs[2].pk).state == State.CHECKING
    assert imports_sweep() == 1
    ImportJob.objects.filter(pk=jobs[0].pk).update(runner=None)
    assert import_work(jobs[2].pk).state == State.DONE


def test_one_that_gets_nowhere_is_given_up_with_words(anna):
    job = uploaded(ndjson(shop.order(anna, 1)))
    ImportJob.objects.filter(pk=job.pk).update(tries=runner.TRIES)
    failed = import_work(job.pk)
    assert (failed.state, (failed.problem or {})["code"]) == (State.FAILED, "import_stuck")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04" + b"\x00" * 30,
        b"\x1f\x8b\x08" + b"x" * 30,
        "a,b\n".encode("utf-16"),
        b"{\x00}",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)
def test_what_is_no_text_is_not_even_kept(anna, media: Path, raw):
    with pytest.raises(UnreadableFile):
        uploaded(raw)
    assert (ImportJob.objects.count(), [path for path in media.rglob("*") if path.is_file()]) == (0, [])


def test_a_file_that_is_too_large_is_not_kept(anna, media: Path, settings):
    settings.IMPORT_MAX_BYTES = 10
    with pytest.raises(FileTooLarge):
        uploaded(b"x" * 11)
    assert [path for path in media.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("raw", "wish", "line"),
    [
        (b"[\n{}\n]\n", {}, None),
        (b"a;b\n", {}, 1),
        (b" \n\n", {}, None),
        (ndjson({"id": "1"}) + b'{"id": "\xff"}\n', {}, 2),
        (HEAD.encode() + b"A,C-1,2026-01-01,5\nB,C-1,2026-01-01,\xe9\n", {"format": "csv", "mapping": CSV}, 3),
        (HEAD.encode() + b'A,C-1,2026-01-01,5\nB,"C-1,2026-01-01,5\n', {"format": "csv", "mapping": CSV}, 3),
        (HEAD.encode(), {"format": "csv", "mapping": CSV}, None),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(anna, raw, wish, line):
    before = (Event.objects.count(), PointsEntry.objects.count())
    job = brought_in(raw, **wish)
    problem = job.problem or {}
    assert (job.state, problem["code"], problem.get("line")) == (State.FAILED, "unreadable_file", line)
    assert (Event.objects.count(), PointsEntry.objects.count(), ImportReject.objects.count()) == (*before, 0)
    with pytest.raises(ImportStateConflict):
        import_start(job=job, actor=STAFF)


def test_a_csv_is_brought_in_row_by_row(anna):
    raw = HEAD + "A,C-1,2026-01-02 10:00,12.50\nB,C-1,2026-01-02,7\nC,C-1,2026-01-02,x\nD,C-9,2026-01-02,1\n"
    job = brought_in(raw.encode(), format="csv", mapping=CSV)
    assert sums(job) == (State.DONE, 4, {"processed": 2, "refused": 2}, {"points": 19})
    assert rejects(job) == [(4, "C", "invalid_input"), (5, "D", "unknown_member")]


def test_the_columns_of_a_csv_can_be_said_again_until_something_is_booked(anna):
    job = uploaded((HEAD + "A,C-1,2026-01-02,5\n").encode(), format="csv", starts_itself=False)
    assert job.state == State.UPLOADED
    with pytest.raises(ColumnsUnclear):
        import_map(job=job, mapping={"fields": {"id": "id"}}, actor=STAFF)
    import_map(job=job, mapping=CSV, actor=STAFF)
    assert import_work(job.pk).state == State.READY
    import_map(job=job, mapping={**CSV, "money": "minor"}, actor=STAFF)
    assert import_work(job.pk).total == 1
    import_start(job=job, actor=STAFF)
    assert import_work(job.pk).issued == {}  # five cents
    with pytest.raises(ImportStateConflict):
        import_map(job=job, mapping=CSV, actor=STAFF)


def test_columns_that_nothing_explains_are_asked_for_where_nobody_looks_them_over(anna):
    with pytest.raises(ColumnsUnclear, match="weather"):
        uploaded(b"id,type,occurred_at,weather\n1,x,y,z\n", format="csv")
    assert ImportJob.objects.count() == 0


def test_members_come_from_a_file_too_and_are_made_once(anna, monkeypatch):
    monkeypatch.setattr(runner, "CHUNK", 2)
    raw = b"external_id,e-mail,name\nC-2,bo@example.com,Bo\n,cy@example.com,Cy\nC-1,,Anna\nC-3,bo@example.com,Di\n"
    job = uploaded(raw, kind="members", format="csv")

    def die(name: str) -> None:
        if name == "import.noted":
            raise Cut

    monkeypatch.setattr(runner, "failpoint", die)
    with pytest.raises(Cut):
        import_work(job.pk)
    monkeypatch.setattr(runner, "failpoint", lambda name: None)
    ImportJob.objects.filter(pk=job.pk).update(runner=None)
    done = import_work(job.pk)
    assert (done.counts, rejects(done)) == ({"created": 2, "repeated": 1, "refused": 1}, [(5, "C-3", "email_taken")])
    assert sorted(Member.objects.values_list("name", flat=True)) == ["Anna", "Bo", "Cy"]
    assert brought_in(raw, kind="members", format="csv").counts == {"repeated": 3, "refused": 1}


def test_a_file_of_members_enrolls_them_all_at_once_and_each_as_if_alone(anna):
    alone = shop.member("Alone")
    hooking.members_enrolled_everywhere([alone], STAFF)
    enrolling = {}
    for count in (2, 40):
        rows = [{"external_id": f"{count}-{each}", "name": "Bo"} for each in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert brought_in(ndjson(*rows), kind="members").counts == {"created": count}
        told = [each["sql"] for each in captured if "loyalty_" in each["sql"] and "importjob" not in each["sql"]]
        enrolling[count] = len(told)
    assert enrolling[2] == enrolling[40] > 5

    place = Enrollment.objects.get(member=alone)
    made = Enrollment.objects.filter(member__name="Bo").order_by("id")
    assert len(made) == 42
    for one in made:
        assert (one.version, _kept(one)) == (place.version, _kept(place))
    for topic in ("member.created", "member.enrolled"):
        whose = [each.payload["member_id"] for each in OutboxMessage.objects.filter(topic=topic).order_by("id")]
        bos = [str(each) for each in made.values_list("member__public_id", flat=True)]
        assert [each for each in whose if each in bos] == bos


def _kept(place: Enrollment) -> tuple[Any, ...]:
    """What a member has from the beginning."""
    accounts = PointsAccount.objects.filter(enrollment=place).order_by("currency")
    events = Event.objects.filter(member=place.member)
    return (
        list(accounts.values_list("currency", "balance", "pending")),
        list(TierStanding.objects.filter(enrollment=place).order_by("ladder").values_list("ladder", "tier")),
        TierChange.objects.filter(enrollment=place).count(),
        list(events.values_list("type", flat=True)),
    )
