"""The tests as on another day: `TODAY=2028-02-29 .venv/bin/python -m pytest -p tests.otherday tests/billing`.

A test that only holds until some day fails here first. The clock runs on from nine in the morning of that day, for this
process alone: a server's and a program's of its own stay as they are.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
import time_machine


def pytest_configure(config: pytest.Config) -> None:
    day = os.environ.get("TODAY", "")
    if day:
        travel = time_machine.travel(datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC), tick=True)
        travel.start()
        config.add_cleanup(travel.stop)
