"""A file of codes is brought in by a worker: sealed while it waits, stopped and gone on with, each code once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings

from core import clock, secrets
from core.errors import DomainError
from core.tables import AuditEntry
from loyalty.imports.refusals import ImportStateConflict, UnreadableFile
from rewards import poolfiles, poolimports
from rewards.models import CodePool, PoolCode, PoolImport, PoolImportReject
from rewards.poolfiles import TooManyCodes, codes_of
from rewards.poolimports import (
    pool_import_cancel,
    pool_import_create,
    pool_import_pause,
    pool_import_run,
    pool_import_start,
    pool_imports_forget,
    pool_imports_sweep,
)
from tenants.models import Brand
from tests.loyalty import shop

State = PoolImport.State
CODES = [f"CODE-{number:03d}" for number in range(1, 8)]
LINES = [*CODES[:3], "", CODES[1], *CODES[3:], "x" * 201, CODES[6]]
LEFT_OUT = [[4, "empty"], [5, "duplicate"], [10, "too_long"], [11, "duplicate"]]


class Cut(Exception):
    """A process that dies."""


@pytest.fixture(autouse=True)
def media(settings: LazySettings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def pool(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> CodePool:
    monkeypatch.setattr(poolfiles, "CHUNK", 3)
    return CodePool.objects.create(name="Cinema")


def brought(pool: CodePool, lines: list[str] = LINES) -> PoolImport:
    return pool_import_create(pool=pool, codes=lines, filename="a/b/codes.csv", actor=shop.STAFF)


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def left_out(job: PoolImport) -> list[list[object]]:
    return [each for piece in PoolImportReject.objects.filter(job=job).order_by("first_line") for each in piece.lines]


def is_whole(pool: CodePool, job: PoolImport) -> None:
    """Every code once and in order, every line counted once."""
    assert (job.state, job.done, job.total) == (State.DONE, 11, 11)
    assert (job.added, job.duplicates, job.invalid) == (7, 2, 2)
    assert left_out(job) == LEFT_OUT
    rows = list(PoolCode.objects.filter(pool=pool).order_by("ordinal"))
    assert [each.ordinal for each in rows] == list(range(1, 8))
    assert [secrets.unseal(each.sealed, purpose="pool_code") for each in rows] == CODES
    assert CodePool.objects.get(pk=pool.pk).size == 7


def test_a_file_lies_sealed_until_it_is_in_and_is_gone_afterwards(
    pool: CodePool, media: Path, django_capture_on_commit_callbacks
) -> None:
    job = brought(pool)
    assert (job.filename, job.state, job.total, job.done) == ("codes.csv", State.RUNNING, 11, 0)
    [kept] = files(media)
    assert b"CODE" not in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    with django_capture_on_commit_callbacks(execute=True):
        is_whole(pool, pool_import_run(job.pk))
    assert files(media) == []
    told = AuditEntry.objects.filter(object_type="codepool").order_by("pk").values_list("action", "changes")
    assert [action for action, _changes in told] == ["pool.import_begun", "pool.import"]
    assert told[1][1] == {"lines": 11, "done": 11, "added": 7, "duplicates": 2, "invalid": 2}


@pytest.mark.parametrize("place", ["codes.added", "codes.noted"])
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_run_that_dies_is_taken_up_without_a_code_lost_or_doubled(
    pool: CodePool, monkeypatch: pytest.MonkeyPatch, place: str, nth: int
) -> None:
    job, passed = brought(pool), 0

    def die(name: str) -> None:
        nonlocal passed
        passed += name == place
        if name == place and passed == nth:
            raise Cut

    monkeypatch.setattr(poolimports, "failpoint", die)
    with pytest.raises(Cut):
        pool_import_run(job.pk)
    # A process that is killed doesn't take its name off.
    PoolImport.objects.filter(pk=job.pk).update(runner=uuid4(), beat_at=clock.now() - 2 * poolimports.SILENT)
    assert pool_imports_sweep() == 1
    is_whole(pool, pool_import_run(job.pk))


def test_without_the_note_of_how_far_it_was_every_line_would_be_counted_again_but_no_code_doubled(
    pool: CodePool,
) -> None:
    """The control of the test above."""
    job = brought(pool, CODES)
    pool_import_run(job.pk, seconds=0)
    assert PoolImport.objects.get(pk=job.pk).done == 3
    PoolImport.objects.filter(pk=job.pk).update(offset=0)
    done = pool_import_run(job.pk)
    assert (done.added, done.duplicates) == (7, 3)
    assert PoolCode.objects.filter(pool=pool).count() == 7


def test_a_run_that_was_taken_for_dead_adds_nothing_more(pool: CodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    job = brought(pool)
    other: list[PoolImport] = []

    def overtaken(name: str) -> None:
        if name == "codes.noted" and not other:
            PoolImport.objects.filter(pk=job.pk).update(beat_at=clock.now() - 2 * poolimports.SILENT)
            other.append(job)
            other.append(pool_import_run(job.pk))

    monkeypatch.setattr(poolimports, "failpoint", overtaken)
    is_whole(pool, pool_import_run(job.pk))
    is_whole(pool, other[1])


def test_one_that_somebody_works_on_is_left_alone(pool: CodePool) -> None:
    job = brought(pool)
    PoolImport.objects.filter(pk=job.pk).update(runner=uuid4(), beat_at=clock.now())
    assert pool_import_run(job.pk).done == 0
    assert pool_imports_sweep() == 0


def test_pausing_stops_after_a_piece_and_going_on_finishes_it(pool: CodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    job = brought(pool)
    monkeypatch.setattr(
        poolimports,
        "failpoint",
        lambda name: pool_import_pause(job=job, actor=shop.STAFF) if name == "codes.noted" else None,
    )
    paused = pool_import_run(job.pk)
    assert (paused.state, paused.done, paused.added) == (State.PAUSED, 3, 3)
    assert pool_import_run(job.pk).done == 3
    monkeypatch.setattr(poolimports, "failpoint", lambda name: None)
    pool_import_start(job=job, actor=shop.STAFF)
    is_whole(pool, pool_import_run(job.pk))
    with pytest.raises(ImportStateConflict):
        pool_import_pause(job=job, actor=shop.STAFF)


def test_canceling_keeps_the_codes_that_are_in_and_removes_the_file(
    pool: CodePool, media: Path, django_capture_on_commit_callbacks
) -> None:
    job = brought(pool)
    pool_import_run(job.pk, seconds=0)
    with django_capture_on_commit_callbacks(execute=True):
        pool_import_cancel(job=job, actor=shop.STAFF)
    assert files(media) == []
    assert PoolCode.objects.filter(pool=pool).count() == 3
    assert pool_import_run(job.pk).state == State.CANCELED
    with pytest.raises(ImportStateConflict):
        pool_import_start(job=job, actor=shop.STAFF)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"A-1\nA-2\n\xff\xfe\n", UnreadableFile),
        (b"PK\x03\x04rest\n", UnreadableFile),
        ("A-1\n".encode("utf-16"), UnreadableFile),
        (b"A-1\n" * 12, TooManyCodes),
    ],
)
def test_what_is_no_file_of_codes_is_refused_and_nothing_is_kept(
    pool: CodePool, media: Path, monkeypatch: pytest.MonkeyPatch, raw: bytes, refusal: type[DomainError]
) -> None:
    monkeypatch.setattr(poolfiles, "MOST_CODES", 11)
    with pytest.raises(refusal):
        brought(pool, codes_of(raw.splitlines(keepends=True)))  # type: ignore[arg-type]  # an iterator will do
    assert (files(media), PoolImport.objects.count()) == ([], 0)


def test_the_first_column_of_a_csv_is_read_and_its_title_left_out(pool: CodePool) -> None:
    lines = b'\xef\xbb\xbfVoucher code;value\r\n"A-1";5\r\nA-2,7\r\nA-3\t9\r\n'.splitlines(keepends=True)
    job = pool_import_run(brought(pool, list(codes_of(lines))).pk)
    assert (job.added, left_out(job)) == (3, [[1, "title"]])


def test_a_file_that_is_gone_or_cannot_be_opened_fails_with_words(pool: CodePool, media: Path) -> None:
    gone, altered = brought(pool), brought(pool, ["OTHER"])
    first, second = sorted(files(media))
    first.unlink()
    second.write_bytes(second.read_bytes()[:-9] + b"AAAAAAAA\n")
    for job in (gone, altered):
        failed = pool_import_run(job.pk)
        assert (failed.state, failed.done) == (State.FAILED, 0)
        assert "Upload it again" in str(failed.problem)


def test_one_that_gets_nowhere_is_given_up_with_words(pool: CodePool) -> None:
    job = brought(pool)
    PoolImport.objects.filter(pk=job.pk).update(tries=poolimports.TRIES)
    failed = pool_import_run(job.pk)
    assert failed.state == State.FAILED
    assert "import_stuck" in str(failed.problem)
    pool_import_start(job=job, actor=shop.STAFF)
    is_whole(pool, pool_import_run(job.pk))


def test_only_so_many_run_at_once_and_the_rest_wait_for_their_turn(pool: CodePool) -> None:
    jobs = [brought(pool, [f"J-{number}"]) for number in range(3)]
    for each in jobs[:2]:
        PoolImport.objects.filter(pk=each.pk).update(runner=uuid4(), beat_at=clock.now())
    assert pool_import_run(jobs[2].pk).state == State.RUNNING
    PoolImport.objects.filter(pk=jobs[0].pk).update(runner=None)
    assert pool_import_run(jobs[2].pk).state == State.DONE


def test_what_nobody_goes_on_with_is_removed_and_reports_are_not_kept_for_ever(
    pool: CodePool, media: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    job, done = brought(pool), pool_import_run(brought(pool, ["A", "A"]).pk)
    pool_import_pause(job=job, actor=shop.STAFF)
    before = len(files(media))
    assert pool_imports_forget() == 0
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + poolimports.KEEP_FILE + timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        pool_imports_forget()
    assert PoolImport.objects.get(pk=job.pk).state == State.CANCELED
    assert len(files(media)) == before - 1
    assert left_out(done) == [[2, "duplicate"]]
    monkeypatch.setattr(clock, "now", lambda: now + poolimports.KEEP_REPORT + timedelta(minutes=1))
    assert pool_imports_forget() == 1
    assert PoolImport.objects.get(pk=done.pk).duplicates == 1
