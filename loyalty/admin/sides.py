"""Two texts side by side, with what changed marked: only the changes and a few lines around them."""

from __future__ import annotations

from difflib import SequenceMatcher

import msgspec

AROUND = 3
MOST_LINES = 4000


class Pair(msgspec.Struct, frozen=True):
    """One line of the table. change: same, changed, added, removed, or gap for what was left out."""

    before: str
    after: str
    change: str


def side_by_side(before: str, after: str) -> list[Pair]:
    """Empty when the texts are the same."""
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    if old == new:
        return []
    pairs: list[Pair] = []
    for number, group in enumerate(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND)):
        if number:
            pairs.append(Pair("⋯", "⋯", "gap"))
        for tag, start, end, new_start, new_end in group:
            pairs += _pairs(tag, old[start:end], new[new_start:new_end])
    return pairs


def _pairs(tag: str, old: list[str], new: list[str]) -> list[Pair]:
    if tag == "equal":
        return [Pair(line, line, "same") for line in old]
    change = {"replace": "changed", "delete": "removed", "insert": "added"}[tag]
    length = max(len(old), len(new))
    old, new = old + [""] * (length - len(old)), new + [""] * (length - len(new))
    return [Pair(left, right, change) for left, right in zip(old, new, strict=True)]
