"""Here commits are real, and nobody is woken by them: deliveries in the middle of a race would only slow it down."""

from __future__ import annotations

import pytest

from core import outbox


@pytest.fixture(autouse=True)
def _nobody_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_wake", None)
