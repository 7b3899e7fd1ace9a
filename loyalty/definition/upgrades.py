"""From each schema number to the next, on plain values. What isn't in shape is left as it is: the types will tell."""

from __future__ import annotations

from typing import Any


def upgrade_1(raw: dict[str, Any]) -> dict[str, Any]:
    """A ladder's window was a word and became an object. A draft may hold both: its pieces are edited one by one."""
    ladders = raw.get("ladders")
    if not isinstance(ladders, list | tuple):
        return raw
    return {**raw, "ladders": [_window_kind(each) for each in ladders]}


def _window_kind(ladder: Any) -> Any:
    if isinstance(ladder, dict) and isinstance(ladder.get("window"), str):
        return {**ladder, "window": {"kind": ladder["window"]}}
    return ladder
