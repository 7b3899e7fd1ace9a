"""The demo's broker of files under the hands of a busy machine."""

from __future__ import annotations

from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import filesystem

from config.celery import app
from core import filebroker


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    options = {
        "data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "control"),
        "processed_folder": str(tmp_path), "store_processed": False,
    }  # fmt: skip
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_a_worker_that_looks_while_a_message_is_written_finds_none_and_then_the_whole(
    channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app is not None
    seen: list[str] = []

    def looked_at(payload: Any) -> str:
        try:
            channel._get("tasks")
        except Empty:
            seen.append("none")
        return '{"a": 1}'

    monkeypatch.setattr(filebroker, "dumps", looked_at)
    monkeypatch.setattr(filesystem, "dumps", looked_at)
    channel._put("tasks", {"a": 1})
    assert seen == ["none"]
    assert channel._get("tasks") == {"a": 1}
    with pytest.raises(Empty):
        channel._get("tasks")


def test_messages_are_read_in_the_order_in_which_they_were_written(channel: Any) -> None:
    for number in range(3):
        channel._put("tasks", {"n": number})
    assert sorted(channel._get("tasks")["n"] for _each in range(3)) == [0, 1, 2]
