"""Tasks run for the brand named in their header, or not at all; beat sends to live brands only. (Trial 13, tasks.)"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.celery import app
from config.scheduler import BrandScheduler
from core import clock, outbox
from core.outbox import outbox_add, outbox_add_all
from core.tables import OutboxMessage
from core.tasks import DRAIN_BATCH, HEADER, BrandTask, NoBrand, brand_task, cleanup, outbox_sweep
from core.tenancy import current_schema
from tenants.context import brand_context, park, platform_context
from tenants.models import Brand

seen: list[str] = []


@brand_task("tests.note")
def note(schema: str | None = None) -> str:
    seen.append(current_schema())
    return current_schema()


@brand_task("tests.first")
def first() -> None:
    note.delay()


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


def test_a_task_runs_where_it_was_sent_from(brand: Any, other_brand: Any) -> None:
    assert note.delay().get() == brand.schema_name
    with brand_context(other_brand):
        assert note.delay().get() == other_brand.schema_name
    assert current_schema() == brand.schema_name


def test_a_task_runs_where_its_header_says_whatever_is_current(brand: Any, other_brand: Any) -> None:
    assert note.apply_async(headers={HEADER: other_brand.schema_name}).get() == other_brand.schema_name
    assert current_schema() == brand.schema_name


def test_a_task_that_sends_a_task_stays_at_its_brand(brand: Any, other_brand: Any) -> None:
    first.apply_async(headers={HEADER: other_brand.schema_name})
    assert seen == [other_brand.schema_name]


def test_nothing_is_sent_from_the_platform_or_from_nowhere(brand: Any) -> None:
    with platform_context(), pytest.raises(NoBrand):
        note.delay()
    park()
    with pytest.raises(NoBrand):
        note.delay()
    with pytest.raises(NoBrand):
        note()
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # django-tenants'
    assert seen == []


@pytest.mark.parametrize("schema", ["", "public", "b_gone", 'b"; drop schema x', "template_brand_x"])
def test_a_header_that_names_no_brand_raises(brand: Any, schema: str) -> None:
    with pytest.raises((NoBrand, Brand.DoesNotExist)):
        BrandTask.apply(note, headers={HEADER: schema}).get()
    assert seen == []


def test_a_schema_dropped_while_its_task_waits_raises(new_brand: Any) -> None:
    from tenants.provision import brand_drop

    doomed = new_brand()
    with brand_context(doomed):
        assert note.delay().get() == doomed.schema_name
    brand_drop(slug=doomed.slug)
    with pytest.raises((NoBrand, Brand.DoesNotExist)):
        note.apply_async(headers={HEADER: doomed.schema_name}).get()
    assert seen == [doomed.schema_name]


def test_every_task_of_ours_is_a_brands_or_names_the_platform() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    platform = {name for name, task in ours.items() if not isinstance(task, BrandTask)}
    assert {name for name in platform if not name.startswith("tenants.tasks.")} == set()
    assert "core.tasks.outbox_drain" in ours


def test_committing_wakes_the_brand_that_wrote(
    brand: Any, other_brand: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(outbox, "_wake", woken.append)
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        outbox_add("test.nothing", {})
    with brand_context(other_brand):
        for callback in callbacks:
            callback()
    assert woken == [brand.schema_name]


def test_a_broker_that_is_away_costs_nothing_but_time(brand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(schema: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(outbox, "_wake", away)
    with transaction.atomic():
        outbox_add("test.nothing", {})
    outbox.wake(current_schema())
    outbox_sweep.delay()
    assert OutboxMessage.objects.get(topic="test.nothing").delivered_at is not None


def test_a_sweep_that_took_a_whole_batch_wakes_a_worker_for_the_rest(
    brand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(outbox, "_wake", woken.append)
    outbox_sweep.delay()
    assert woken == []
    outbox_add_all("test.nothing", [{}] * DRAIN_BATCH)
    outbox_sweep.delay()
    assert woken == [brand.schema_name]


def test_cleaning_up_leaves_what_is_still_needed(brand: Any) -> None:
    with transaction.atomic():
        outbox_add("test.nothing", {})
        outbox_add("test.nothing", {})
    outbox_sweep.delay()
    kept, old = OutboxMessage.objects.filter(topic="test.nothing").order_by("id")
    OutboxMessage.objects.filter(pk=old.pk).update(delivered_at="2020-01-01T00:00:00Z")
    assert cleanup.delay().get()["messages"] == 1
    assert OutboxMessage.objects.filter(pk=kept.pk).exists()


class Recorder(BrandScheduler):
    """Sends nothing, notes what would go where."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        super().__init__(app=app, lazy=True)
        self.setup_schedule()
        self.merge_inplace(app.conf.beat_schedule)

    def _send(self, entry: Any, schema: str, producer: Any) -> None:
        self.sent.append((entry.task, schema))


def test_beat_goes_to_live_brands_and_once_to_the_platform(brand: Any, touchable: set[str]) -> None:
    touchable.add("public")
    with platform_context():
        Brand.objects.filter(slug="oak").update(status="suspended")
    beat = Recorder()
    for entry in beat.schedule.values():
        beat.apply_entry(entry)
    places = {task: sorted(where for each, where in beat.sent if each == task) for task, _where in beat.sent}
    assert places["core.tasks.outbox_sweep"] == ["b_gem", "b_operator"]
    assert places["tenants.tasks.signups_sweep"] == ["public"]
    assert {"loyalty.tasks.nightly_due", "core.tasks.cleanup"} <= places.keys()


def test_beat_names_only_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_messages_that_nobody_listens_to_go_together_and_leave_the_others_alone(
    brand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[dict[str, Any]] = []
    monkeypatch.setitem(outbox._handlers, "test.heard", [lambda message: heard.append(message.payload)])
    later = clock.now() + timedelta(hours=1)
    with transaction.atomic():
        outbox_add("test.unheard", {"n": 0}, available_at=later)
        for number in range(1, 8):
            outbox_add("test.heard" if number == 4 else "test.unheard", {"n": number})
    with CaptureQueriesContext(connection) as asked:
        assert outbox.outbox_drain(limit=6) == 6
    assert len([each for each in asked if each["sql"].startswith("UPDATE")]) == 1
    assert heard == []
    assert outbox.outbox_drain() == 1
    assert heard == [{"n": 4}]
    assert outbox.outbox_drain() == 0
    assert [row.payload for row in OutboxMessage.objects.filter(delivered_at=None)] == [{"n": 0}]
