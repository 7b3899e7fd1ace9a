"""A dry run equals the real run: whatever happened before, and whatever is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock
from loyalty.ingest import Answer
from loyalty.nightly import nightly_run
from loyalty.simulating import event_simulate
from tests.conftest import writes_by_table
from tests.loyalty import shop
from tests.loyalty.properties import streams
from tests.trials import scale


def told(answer: Answer) -> tuple[int, dict[str, Any]]:
    return answer.status, {key: value for key, value in answer.body.items() if key != "id"}


@settings(max_examples=scale.size(15, 400), deadline=None, suppress_health_check=streams.SHARED_BRAND)
@given(document=streams.documents(), steps=st.lists(streams.steps(), min_size=1, max_size=8))
def test_every_event_comes_to_what_its_dry_run_said(brand, document, steps):
    now = clock.now()
    with transaction.atomic():
        story = streams.Story(shop.program(document), members=2)
        for step in steps:
            now += timedelta(hours=step.hours_later)
            with streams.clock_at(now):
                if step.night:
                    nightly_run(program=story.program)
                row = story.event(step)
                before = writes_by_table()
                (dry,) = event_simulate([row], actor=shop.PARTNER)
                assert writes_by_table() == before
                (booked,) = shop.send(row)
                assert told(dry.answer) == told(booked)
        transaction.set_rollback(True)
