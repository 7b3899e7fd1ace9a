"""A rule's conditions as rows of a form, and back. A tree that rows can't show is left exactly as it is.

What rows show: tests of the event or the member (all of them, or any), one test of tiers, one of time, all joined by
"and". Anything else (none-of, deeper trees, kinds of a newer release) is opaque.
"""

from __future__ import annotations

from typing import Any

import msgspec

ROW_KINDS = ("attribute", "member")
Node = dict[str, Any]


class Shown(msgspec.Struct):
    """rows: the tests. match: all or any. tier, time: the one test of each. opaque: the tree can't be shown."""

    rows: list[Node] = []
    match: str = "all"
    tier: Node | None = None
    time: Node | None = None
    opaque: bool = False


def taken_apart(tree: Node | None) -> Shown:
    """The tree as the form shows it."""
    if tree is None:
        return Shown()
    parts = tree.get("of", []) if tree.get("kind") == "all" else [tree]
    shown = Shown()
    for part in parts:
        if not _take(shown, part):
            return Shown(opaque=True)
    return shown


def _take(shown: Shown, part: Node) -> bool:
    """Put one part where it belongs; False when there is no place for it."""
    kind = part.get("kind")
    if kind in ROW_KINDS and shown.match == "all":
        shown.rows.append(part)
        return True
    if kind == "any" and not shown.rows and all(each.get("kind") in ROW_KINDS for each in part.get("of", [])):
        shown.rows, shown.match = list(part["of"]), "any"
        return True
    if kind == "tier" and shown.tier is None:
        shown.tier = part
        return True
    if kind == "time" and shown.time is None:
        shown.time = part
        return True
    return False


def put_together(shown: Shown) -> Node | None:
    """The smallest tree that says what the form shows; None without conditions."""
    parts: list[Node] = []
    if shown.match == "any" and len(shown.rows) > 1:
        parts.append({"kind": "any", "of": shown.rows})
    else:
        parts += shown.rows
    parts += [each for each in (shown.tier, shown.time) if each is not None]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"kind": "all", "of": parts}


def value_text(value: Any) -> str:
    """A value as it is typed: a list with commas, yes and no."""
    if isinstance(value, list | tuple):
        return ", ".join(value_text(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def value_read(text: str, operator: str) -> Any:
    """What was typed as the value of an operator: a list for in and not_in, a truth for exists, numbers as numbers.

    A number in quotes is a text: “"007"”.
    """
    if operator in ("in", "not_in"):
        return [_scalar(each) for each in text.split(",") if each.strip()]
    if operator == "exists":
        return text.strip().lower() not in ("no", "false", "nee", "0")
    return _scalar(text)


def _scalar(text: str) -> Any:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.lower() in ("yes", "true", "ja"):
        return True
    if text.lower() in ("no", "false", "nee"):
        return False
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and (digits == "0" or not digits.startswith("0")):
        return int(text)
    whole, dot, part = digits.partition(".")
    if dot and whole.isascii() and part.isascii() and whole.isdigit() and part.isdigit():
        return float(text)
    return text
